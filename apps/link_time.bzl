"""How the programs that are measured are linked."""

# Optimised across units, from what .bazelrc has gcc put beside the machine code
# of poller, reactor and apps; tests link the machine code, which is quicker.
LINK_TIME_OPTIMISATION = select({
    "//:no_lto": [],
    "//conditions:default": [
        "-flto=auto",
        "-O2",
    ],
})
