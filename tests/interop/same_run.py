"""Whether two files are of the same run, bit for bit: every group, dataset and attribute, but clocks and provenance.

As a program: same_run.py ONE.h5 OTHER.h5 lists what differs and ends with 1, or with 0."""
import sys

import h5py
import numpy as np

WHOLE = ("/hamlet/timing", "/hamlet/provenance")   # how long it took, where and when
FIELDS = ("seconds", "oracle_group")               # the same of one row, and who computed it
ATTRIBUTES = ("/hamlet/run@id",)                   # given to every run anew


def bits(value):
    """What two equal values share, NaNs and signs of zeros included."""
    array = np.asarray(value)
    if array.dtype.names:
        return tuple((name, bits(array[name])) for name in array.dtype.names if name not in FIELDS)
    if array.dtype.hasobject:
        return array.shape, [bytes(item) if isinstance(item, bytes) else str(item) for item in array.ravel()]
    return array.dtype.str, array.shape, np.ascontiguousarray(array).tobytes()


def where(one, other):
    """The first difference of two arrays, for people."""
    if one.shape != other.shape:
        return f"shape {one.shape} and {other.shape}"
    for name in one.dtype.names or ():
        if name not in FIELDS and bits(one[name]) != bits(other[name]):
            return f"{name}: {where(one[name], other[name])}"
    if one.dtype != other.dtype or one.shape == () or one.dtype.hasobject:
        return f"{one.dtype} {str(one)[:60]} and {other.dtype} {str(other)[:60]}"
    rows = [row for row in range(len(one)) if bits(one[row]) != bits(other[row])]
    return f"{len(rows)} of {len(one)} rows, first {rows[0]}: {one[rows[0]]} and {other[rows[0]]}"


def differences(one, other, path=""):
    """Of two open files or groups, a line for each."""
    found = []
    for name in sorted(set(one.attrs) | set(other.attrs)):
        if f"{path}@{name}" in ATTRIBUTES:
            continue
        if name not in one.attrs or name not in other.attrs:
            found.append(f"{path}@{name} is in one only")
        elif bits(one.attrs[name]) != bits(other.attrs[name]):
            found.append(f"{path}@{name}: {one.attrs[name]} and {other.attrs[name]}")
    if isinstance(one, h5py.Dataset):
        if bits(one[()]) != bits(other[()]):
            found.append(f"{path}: {where(np.asarray(one[()]), np.asarray(other[()]))}")
        return found
    for name in sorted(set(one) | set(other)):
        inner = f"{path}/{name}"
        if inner in WHOLE:
            continue
        if name not in one or name not in other:
            found.append(f"{inner} is in one only")
        elif isinstance(one[name], h5py.Group) != isinstance(other[name], h5py.Group):
            found.append(f"{inner} is a group in one only")
        else:
            found += differences(one[name], other[name], inner)
    return found


def compare(one, other):
    """The same of two files by their names."""
    with h5py.File(one, "r") as a, h5py.File(other, "r") as b:
        return differences(a, b)


if __name__ == "__main__":
    lines = compare(sys.argv[1], sys.argv[2])
    print("\n".join(lines))
    sys.exit(bool(lines))
