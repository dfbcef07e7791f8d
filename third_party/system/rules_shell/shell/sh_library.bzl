"""The rules_shell interface over the native rule of Bazel 4.2.3."""

sh_library = native.sh_library
