"""fuzz_target: one function that takes any bytes, run in two ways."""

load("@rules_cc//cc:defs.bzl", "cc_binary", "cc_library", "cc_test")

def fuzz_target(name, deps):
    """Declares NAME_replay and NAME_fuzzer, from NAME.cc and corpus/NAME.

    NAME_replay, a test, gives the corpus to LLVMFuzzerTestOneInput. NAME_fuzzer
    looks for inputs that break it, by libFuzzer; it is built by clang only:
    `bazel run --config=fuzz //tests/fuzz:NAME_fuzzer`.

    Args:
      name: of the target's source and corpus.
      deps: what it calls.
    """
    cc_library(
        name = name,
        testonly = True,
        srcs = [name + ".cc"],
        deps = deps,
        alwayslink = True,
    )
    cc_test(
        name = name + "_replay",
        size = "small",
        srcs = ["replay.cc"],
        tags = ["one-thread"],
        args = ["$(locations :%s_corpus)" % name],
        data = [":%s_corpus" % name],
        deps = [":" + name],
    )
    cc_binary(
        name = name + "_fuzzer",
        testonly = True,
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual"],
        deps = [":" + name],
    )
    native.filegroup(
        name = name + "_corpus",
        testonly = True,
        srcs = native.glob(["corpus/%s/*" % name]),
    )
