"""CcInfo of rules_cc, over that of Bazel 4.2.3."""

load(":native.bzl", "NativeCcInfo")

CcInfo = NativeCcInfo
