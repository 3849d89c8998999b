"""ZIP files of a drop folder: what they hold is taken in, what would harm is refused by name."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from pipelines.errors import RefusedFile
from pipelines.sources import archive
from pipelines.sources.archive import is_archive, unpack

WHERE = "hotline drop.zip"


def packed(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as target:
        for name, content in files.items():
            target.writestr(name, content)
    return path


def unpacked(path: Path, file_format: str = "csv") -> dict[str, bytes]:
    return dict(unpack(path, file_format, WHERE, lambda content: content.read()))


def test_several_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    path = packed(
        tmp_path / "a.zip",
        {"b.csv": b"2", "sub/": b"", "sub/a.CSV": b"3", "a.txt": b"1", "__MACOSX/a.csv": b"x", ".DS_Store": b"x"},
    )
    assert is_archive(path)
    assert list(unpacked(path).items()) == [("a.txt", b"1"), ("b.csv", b"2"), ("sub/a.CSV", b"3")]


def test_names_in_gbk(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"gongdan0.csv": b"1"})
    path.write_bytes(path.read_bytes().replace(b"gongdan0.csv", "热线工单".encode("gbk") + b".csv"))
    assert list(unpacked(path)) == ["热线工单.csv"]


def test_a_workbook_is_no_archive(tmp_path: Path) -> None:
    assert not is_archive(packed(tmp_path / "a.xlsx", {"[Content_Types].xml": b""}))
    inner = packed(tmp_path / "b.xlsx", {"[Content_Types].xml": b""}).read_bytes()
    assert list(unpacked(packed(tmp_path / "c.zip", {"b.xlsx": inner}), "xlsx")) == ["b.xlsx"]


@pytest.mark.parametrize("name", ["../../etc/cron.csv", "/etc/a.csv", "..\\a.csv", "C:\\a.csv", "a\x01.csv"])
def test_a_path_that_leads_out_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "a.zip", {"good.csv": b"1", name: b"2"})
    with pytest.raises(RefusedFile, match="指向包外") as refusal:
        unpacked(path)
    assert name.replace("\x01", "?") in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "file_format", "words"),
    [
        ("inner.zip", "csv", "还有压缩包“inner.zip”"),
        ("inner.csv.gz", "csv", "还有压缩包"),
        ("图.pdf", "csv", "“图.pdf”不是 csv 文件"),
        ("a.csv", "jsonl", "“a.csv”不是 jsonl 文件"),
    ],
)
def test_what_does_not_belong(tmp_path: Path, name: str, file_format: str, words: str) -> None:
    with pytest.raises(RefusedFile, match=words):
        unpacked(packed(tmp_path / "a.zip", {name: b"x"}), file_format)


def test_an_encrypted_member_is_refused_by_name(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"密.csv": b"x"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x03\x04") + 6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(RefusedFile, match=r"“密.csv”加了密码"):
        unpacked(path)


def test_a_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("a.csv")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as target:
        target.writestr(link, "/etc/passwd")
    with pytest.raises(RefusedFile, match=r"“a.csv”是链接"):
        unpacked(tmp_path / "a.zip")


def test_caps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = packed(tmp_path / "bomb.zip", {"a.csv": b"0" * 20_000_000})
    with pytest.raises(RefusedFile, match="压缩比超过250倍"):
        unpacked(bomb)
    monkeypatch.setattr(archive, "MOST_BYTES", 10_000_000)
    with pytest.raises(RefusedFile, match="解压后超过"):
        unpacked(bomb)
    monkeypatch.setattr(archive, "MOST_MEMBERS", 2)
    with pytest.raises(RefusedFile, match="有3个文件（限2个）"):
        unpacked(packed(tmp_path / "many.zip", {f"{i}.csv": b"" for i in range(3)}))
    with pytest.raises(RefusedFile, match="没有文件"):
        unpacked(packed(tmp_path / "none.zip", {}))


def test_a_size_that_lies_ends_the_unpacking(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.csv": b"0" * 1000})
    path.write_bytes(path.read_bytes().replace((1000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(RefusedFile, match="不是完好的 ZIP"):
        unpacked(path)


def test_a_cut_or_damaged_archive_is_refused_at_any_byte(tmp_path: Path) -> None:
    whole = packed(
        tmp_path / "a.zip", {"a.csv": b"a,b\n1,2\n", "b.csv": b"a,b\n3,4\n"}, zipfile.ZIP_STORED
    ).read_bytes()
    expected = {"a.csv": b"a,b\n1,2\n", "b.csv": b"a,b\n3,4\n"}
    for at in range(len(whole)):
        for content in (whole[: at + 4], whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]):
            path = tmp_path / "damaged.zip"
            path.write_bytes(content)
            if not is_archive(path):
                continue
            try:
                assert set(unpacked(path).values()) <= {*expected.values()}
            except RefusedFile as refusal:
                assert str(refusal).startswith(WHERE)


def test_duplicate_names(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as target, pytest.warns(UserWarning):
        target.writestr("a.csv", b"1")
        target.writestr("a.csv", b"2")
    (tmp_path / "a.zip").write_bytes(content.getvalue())
    with pytest.raises(RefusedFile, match=r"有两个“a.csv”"):
        unpacked(tmp_path / "a.zip")
