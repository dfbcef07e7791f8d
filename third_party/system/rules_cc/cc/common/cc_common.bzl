"""cc_common of rules_cc, over that of Bazel 4.2.3."""

load(":native.bzl", "native_cc_common")

cc_common = native_cc_common
