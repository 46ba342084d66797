"""Positive action: whether its legal file stands, whom the workshops reached, what their design can show, and what it showed."""
