"""Zones are architecture: the imports are read, and each rule is shown to catch what it guards against."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "standardsetting"
# zone -> zones it must never import
NEVER = {
    "blind": {"named", "cohort", "firewall", "reporting", "figures", "tables", "prose", "simulate", "cli",
              "linkage", "disclosure", "publishing"},
    "cohort": {"named", "firewall", "blind", "reporting", "figures", "tables", "prose", "cli", "publishing"},
    "disclosure": {"named", "firewall", "blind", "reporting", "figures", "tables", "prose", "cli", "publishing"},
    "linkage": {"named", "reporting", "figures", "tables", "prose", "cli", "publishing"},
    "figures": {"named", "firewall", "linkage", "reporting", "cli", "publishing"},
    "tables": {"named", "firewall", "linkage", "reporting", "cli", "publishing", "figures"},
    "prose": {"named", "firewall", "linkage", "reporting", "cli", "publishing"},
    "reporting": {"named", "firewall", "linkage", "cohort", "cli", "publishing", "simulate"},
    "firewall": {"named", "cohort", "linkage", "disclosure", "reporting"},
    "named": {"cohort", "disclosure", "reporting", "figures", "tables", "prose", "cli"},
    "simulate": {"named", "firewall", "blind", "cohort", "reporting", "cli"},
    "rule": {"named", "blind", "process", "reporting"},
    "profiles": {"named", "blind", "process", "reporting"},
    "records": {"named", "blind", "reporting"},
    "intervals": {"named", "firewall", "blind", "cohort", "linkage", "disclosure", "process", "reporting"},
}
HEAVY = ("matplotlib", "papermill", "IPython", "seaborn")


def zone(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(tree):
    """Modules that a syntax tree imports, wherever the import stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute, so that this test can read them"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def trespasses(path, tree):
    mine = zone(path)
    found = {name.split(".")[1] for name in imports(tree) if name.startswith("standardsetting.")}
    wrong = found & NEVER.get(mine, set())
    if mine not in {"figures", "reporting"}:
        wrong |= {name for name in imports(tree) if name.split(".")[0] in HEAVY}
    return wrong


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_module_trespasses(path):
    assert not trespasses(path, ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("blind/options.py", "from standardsetting.named.close import close"),
        ("blind/options.py", "def f():\n    import standardsetting.cohort.rates"),
        ("figures/pack.py", "from standardsetting import named"),
        ("rule.py", "import matplotlib.pyplot"),
        ("cli.py", "from IPython import display"),
    ],
)
def test_the_guard_sees_a_trespass(place, line):
    assert trespasses(PACKAGE / place, ast.parse(line))


def test_blind_and_cohort_share_formulas_above_the_wall_and_not_across_it():
    """The interval of one rate has one home that both may import; either zone's own way to it would be a trespass."""
    for place in ("blind/options.py", "cohort/rates.py"):
        assert not trespasses(PACKAGE / place, ast.parse("from standardsetting.intervals import wilson_rate"))
    assert trespasses(PACKAGE / "blind/options.py", ast.parse("from standardsetting.cohort.intervals import newcombe_difference"))
    assert trespasses(PACKAGE / "intervals.py", ast.parse("from standardsetting.blind.scores import BlindScores"))


def test_only_the_door_writes_blind_folders_and_only_reading_makes_blind_scores():
    made, sealed = set(), set()
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                made |= {path.name} if called.split(".")[-1] == "BlindScores" else set()
        sealed |= {path.name} if "seal(blind_folder" in text else set()
    assert made == set()  # `cls(...)` in BlindScores.read is the one place
    assert sealed == {"firewall.py"}


def test_nothing_takes_group_labels_and_returns_a_cut():
    """No function of the blind zone, the rule or the decision has a parameter for a group or a characteristic."""
    words = ("group", "sex", "gender", "ethnic", "characteristic", "disab", "religion", "orientation", "monitoring", "language")
    for path in [*(PACKAGE / "blind").rglob("*.py"), PACKAGE / "rule.py", PACKAGE / "profiles.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                names = [a.arg for a in (*node.args.args, *node.args.kwonlyargs)]
                assert not [n for n in names for w in words if w in n.casefold()], f"{path.name}: {node.name}"


def test_importing_the_package_is_light():
    import subprocess
    import sys

    code = "import sys, standardsetting; print(sorted({m.split('.')[0] for m in sys.modules} & {'pandas','numpy','pydantic','matplotlib'}))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
