"""The packaging files say what the tree holds: packages, templates, version, pins, what a build contains."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SETUPTOOLS = PROJECT["tool"]["setuptools"]
FOLDERS = {Path(folder): f"recircuit.{folder}" for folder in ("circuits", "models", "plasticity")} | {
    Path("src/recircuit"): "recircuit"
}


def files(folder: Path) -> list[Path]:
    """Return all files under a top-level folder, relative to the root, without caches."""
    found = (path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file())
    return sorted(path for path in found if "__pycache__" not in path.parts)


def import_name(folder: Path) -> str:
    """Return the dotted name under which a folder of the tree is imported."""
    (top,) = (top for top in FOLDERS if folder.is_relative_to(top))
    return ".".join((FOLDERS[top], *folder.relative_to(top).parts))


def installed_path(path: Path) -> str:
    """Return where a file of the tree lies in the installed project."""
    return "/".join((*import_name(path.parent).split("."), path.name))


def packages_in_tree() -> set[str]:
    return {import_name(path.parent) for top in FOLDERS for path in files(top) if path.suffix == ".py"}


def shipped_files() -> set[str]:
    """Return every Python file, every file under a folder `source` or `templates`, and two by their names, as installed."""
    everything = [path for top in FOLDERS for path in files(top)]
    named = ("py.typed", "last_results.json")
    wanted = (p for p in everything if p.suffix == ".py" or {"source", "templates"} & set(p.parts) or p.name in named)
    return {installed_path(path) for path in wanted}


def test_every_package_is_listed() -> None:
    assert set(SETUPTOOLS["packages"]) == packages_in_tree(), "correct `packages` in pyproject.toml"


def test_packages_are_listed_once_and_in_order() -> None:
    assert SETUPTOOLS["packages"] == sorted(set(SETUPTOOLS["packages"]))


def test_every_package_has_an_init() -> None:
    holding = {ROOT / path.parent for top in FOLDERS for path in files(top) if path.suffix == ".py"}
    assert not [folder for folder in holding if not (folder / "__init__.py").exists()]


def test_folders_are_mapped_under_one_import_name() -> None:
    assert SETUPTOOLS["package-dir"] == {name: folder.as_posix() for folder, name in FOLDERS.items()}


def test_type_checker_reads_every_folder() -> None:
    include = json.loads((ROOT / "tools" / "typing.json").read_text(encoding="utf-8"))["include"]
    links = {"../.typing/" + name.replace(".", "/") for name in FOLDERS.values()}
    assert links <= set(include)


def test_version_is_one() -> None:
    declared = re.search(r'^__version__ = "(.+)"$', (ROOT / "src" / "recircuit" / "__init__.py").read_text(), re.M)
    cited = re.search(r"^version: (.+)$", (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)
    assert declared is not None
    assert cited is not None
    assert declared[1] == cited[1]


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    assert all(re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-z.]*", line) for line in pinned), "a pin is name==version"
    names = [line.split("==")[0] for line in pinned]
    assert len(names) == len(set(names)), "a package is pinned once"
    return dict(line.split("==") for line in pinned)


def test_every_requirement_is_pinned_within_its_bounds() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = PROJECT["build-system"]["requires"] + PROJECT["project"]["dependencies"]
    wanted += extras["test"] + extras["dev"]
    for requirement in map(Requirement, wanted):
        name = canonicalize_name(requirement.name)
        if name != "recircuit":
            assert name in pins(), f"{name} is missing in constraints.txt"
            assert requirement.specifier.contains(pins()[name]), f"{requirement}, but {pins()[name]} is pinned"


def test_command_is_there() -> None:
    (command,) = entry_points(group="console_scripts", name="recircuit")
    assert command.value == PROJECT["project"]["scripts"]["recircuit"]
    assert callable(command.load())


def copy_of_tree(to: Path) -> Path:
    """Return a copy of the tree, as a fresh clone has it."""
    skip = shutil.ignore_patterns(".git", ".venv", ".typing", "build", "*.egg-info", "__pycache__", ".*_cache")
    own = {"runs", "results"}  # what was made by running, at the top alone: models/runs is a package

    def ignored(folder: str, names: list[str]) -> set[str]:
        return skip(folder, names) | (own & set(names) if Path(folder) == ROOT else set())

    return Path(shutil.copytree(ROOT, to, ignore=ignored))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheel and the source distribution, built from a copy of the tree."""
    base = tmp_path_factory.mktemp("built")
    tree = copy_of_tree(base / "tree")
    build = "from setuptools import build_meta as b; b.build_sdist('../out'); b.build_wheel('../out')"
    (base / "out").mkdir()
    done = subprocess.run([sys.executable, "-c", build], cwd=tree, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return base / "out"


def test_wheel_holds_the_tree(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == shipped_files()


def test_source_distribution_builds_and_is_licensed(built: Path) -> None:
    (archive,) = built.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        held = {name.partition("/")[2] for name in tar.getnames()}
    sources = {path.as_posix() for top in FOLDERS for path in files(top) if path.suffix == ".py"}
    assert sources | {"LICENSE", "Makefile", "constraints.txt", "tools/setup.sh"} <= held


def test_wheel_imports_by_itself(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path)
    look = "import recircuit.circuits, recircuit.plasticity, recircuit.models as m; print(m.__file__)"
    env = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", look], cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(tmp_path)


@pytest.fixture
def clean_environment(tmp_path: Path) -> Path:
    """Return the Python of a new environment that finds what the project needs, but not the project itself."""
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    ask = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = Path(subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip())
    # A line of a .pth file is a folder to look in. The .pth files of that folder are not read: not that of an editable
    # install, and not that by which setuptools provides distutils, which Brian2 imports.
    lines = [sysconfig.get_path("purelib"), "import _distutils_hack; _distutils_hack.add_shim()"]
    (packages / "needed.pth").write_text("\n".join(lines) + "\n")
    return python


@pytest.mark.slow
@pytest.mark.parametrize("how", [["."], ["--editable", "."]], ids=["install", "editable"])
def test_python_started_in_the_clone_finds_the_installed_package(
    how: list[str], clean_environment: Path, tmp_path: Path
) -> None:
    clone = copy_of_tree(tmp_path / "clone")
    install = [clean_environment, "-m", "pip", "install", "--no-index", "--no-deps", "--no-build-isolation"]
    done = subprocess.run([*install, "--ignore-installed", *how], cwd=clone, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    look = "import recircuit.circuits, recircuit.models, recircuit.plasticity; print(recircuit.circuits.__file__)"
    done = subprocess.run([clean_environment, "-c", look], cwd=clone, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = Path(done.stdout.strip())
    assert found.is_relative_to(clone if "--editable" in how else clean_environment.parents[1])
