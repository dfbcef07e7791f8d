#!/usr/bin/env bash
# What Bazel stamps into the lab: the commit and whether the tree is as
# committed. Nothing where there is no Git or no repository.
set -u
commit=$(git --no-optional-locks rev-parse HEAD 2> /dev/null) || exit 0
state=clean
[[ -z $(git --no-optional-locks status --porcelain 2> /dev/null | head -1) ]] || state=modified
echo "BUILD_SCM_REVISION $commit"
echo "BUILD_SCM_STATUS $state"
