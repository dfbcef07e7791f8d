"""The names of Bazel itself: a file that defines such a name cannot read it."""

native_cc_common = cc_common  # buildifier: disable=native-cc-common
NativeCcInfo = CcInfo  # buildifier: disable=native-cc-info
