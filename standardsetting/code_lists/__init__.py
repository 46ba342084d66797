"""Code lists as versioned data: what people may declare, how it is written, and how detailed groups roll up into broader ones."""

from standardsetting.code_lists.code_list import NOT_KNOWN, OPTED_OUT, UNKNOWN_IN_HR, Code, CodeList, Level, read_list, shipped_lists

__all__ = ["NOT_KNOWN", "OPTED_OUT", "UNKNOWN_IN_HR", "Code", "CodeList", "Level", "read_list", "shipped_lists"]
