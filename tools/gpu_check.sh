#!/bin/sh
# Everything that a GPU is to show, by one command on its machine, which needs no network.
#
#   sh tools/gpu_check.sh            here: puts what travels into build/gpu, and says the command to run there
#   sh tools/gpu_check.sh there      on the machine with the GPU, in this checkout with its build/gpu; twice
#   sh tools/gpu_check.sh rehearse   here: the same command in a bare Python, on the stand-in for CUDA
#
# PYTHON_THERE=3.12 is the version of Python there. THERE_HAS names packages that Python there has, and that need not travel
# (such as "scipy", the largest). RECIRCUIT_DATA is the folder with the folder mnist. There, PYTHON names
# the interpreter that has torch (otherwise it is looked for), CHECK_SECONDS how long a call may take (280), CHECK_PARTS
# which parts are measured (all), OUT a folder into which the results are copied, and EARLIER a folder with the results of an
# earlier call, with which this one goes on where it runs on another machine. A rehearsal calls it CHECK_CALLS times (2),
# without a network if the system can shut it off; the stand-in is slow, and the parts that it can end are build, agreement
# and tests.
set -eu
cd "$(dirname "$0")/.."
travels=build/gpu
# What recircuit imports on its way to a GPU, beside what torch itself needs (numpy, sympy, jinja2, setuptools, ...).
wheels="brian2 brian2cuda scipy-openblas32 scipy pydantic pydantic-core annotated-types typing-inspection pyparsing
    packaging tqdm pytest iniconfig pluggy pygments cuda-pathfinder"
torch_brings="numpy sympy mpmath jinja2 markupsafe setuptools typing-extensions"
# Of SciPy, what neither Brian2 nor recircuit imports for this.
not_needed="cluster datasets differentiate fft fftpack integrate interpolate ndimage odr optimize signal spatial stats"
megabytes=60
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

say() { printf 'gpu_check: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

download() {  # FOLDER PACKAGE...
    folder=$1
    shift
    .venv/bin/python -m pip download --quiet --no-deps --only-binary :all: --python-version "${PYTHON_THERE:-3.12}" \
        --constraint constraints.txt --dest "$folder" "$@" || fail "the wheels could not be fetched; pip's reason stands above."
}

prepare() {
    [ -x .venv/bin/python ] || fail "there is no .venv; run 'make setup' first."
    rm -rf "$travels" build/lib build/bdist.*
    mkdir -p "$travels/wheels" "$travels/mnist"
    say "fetching wheels"
    bring=
    for wheel in $wheels; do
        case " ${THERE_HAS:-} " in *" $wheel "*) ;; *) bring="$bring $wheel" ;; esac
    done
    download "$travels/wheels" $bring
    .venv/bin/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$travels/wheels" . ||
        fail "the wheel of recircuit could not be built; pip's reason stands above."
    .venv/bin/python tools/gpu_slim.py "$travels/wheels" scipy $not_needed
    data=${RECIRCUIT_DATA:-../shared/data}/mnist
    if [ -d "$data" ]; then
        cp "$data"/*ubyte* "$travels/mnist"
    else
        say "there is no MNIST in $data (name the folder above it in RECIRCUIT_DATA): its target will not be measured."
    fi
    size=$(($(cat "$travels"/*/* | wc -c) / 1000000 + 1))
    [ "$size" -le "$megabytes" ] || fail "$travels has $size MB, and more than $megabytes MB shall not travel (see THERE_HAS)."
    tree=$(($(git ls-files -z | xargs -0 cat | wc -c) / 1000000 + 1))
    say "$travels has $size MB, and the checkout $tree MB. Bring both to the machine with the GPU, and run there, in the checkout:"
    printf '%s\n' "sh tools/gpu_check.sh there"
    say "It measures for at most 5 minutes. Run it a second time for what is left. Results are in build/gpu-there/results."
}

suits() { "$1" -c "import sys; sys.exit(sys.version_info < (3, 12))$2" >/dev/null 2>&1; }

find_python() {
    for python in ${PYTHON:-} python3 python3.12 python3.13 python3.14 python; do
        if suits "$python" "; import torch"; then printf '%s\n' "$python"; return; fi
    done
    for python in ${PYTHON:-} python3 python3.12 python3.13 python3.14 python; do
        if suits "$python" ""; then
            say "no Python 3.12 or later has torch, so PyTorch will not be measured."
            printf '%s\n' "$python"
            return
        fi
    done
    fail "there is no Python 3.12 or later; name one in PYTHON."
}

there() {
    begin=$(date +%s)
    [ -d "$travels/wheels" ] || fail "there is no $travels; run 'sh tools/gpu_check.sh' where there is a network, and bring it."
    home=$PWD/build/gpu-there
    if [ ! -d "$home/results" ]; then
        mkdir -p "$home/results"
        if [ -n "${EARLIER:-}" ]; then cp "$EARLIER"/*.json "$home/results"; fi
    fi
    python=$(find_python)
    "$python" tools/gpu_install.py "$travels/wheels" "$home/site" || fail "the packages could not be installed."
    export PYTHONPATH="$home/site${PYTHONPATH:+:$PYTHONPATH}" RECIRCUIT_CACHE="$home/cache"  # torch may be in PYTHONPATH
    until=$((begin + ${CHECK_SECONDS:-280}))
    left=$((until - $(date +%s)))
    [ "$left" -gt 0 ] || left=0
    status=0 guard=
    # Each part has its own limit; this one is for what ends by no limit, so that the results are copied in any case.
    if command -v timeout >/dev/null; then guard="timeout -k 5 $((left + 20))"; fi
    $guard "$python" -W ignore -m benchmarks.gpu --rest --parts "${CHECK_PARTS:-}" --until "$until" --data "$travels/mnist" \
        --out "$home/results" || status=$?
    if [ -n "${OUT:-}" ]; then cp -R "$home/results/." "$OUT"; fi
    return $status
}

# A copy of what travels, a Python that has nothing but what torch brings, and no index of packages.
rehearse() {
    prepare  # anew: what travels is this checkout as it is
    home=$PWD/build/gpu-rehearsal
    rm -rf "$home"
    mkdir -p "$home/checkout/build" "$home/wheels" "$home/driver"
    git ls-files -z | tar -c --null -T - | tar -x -C "$home/checkout"
    cp -R "$travels" "$home/checkout/build/gpu"
    ${CC:-gcc} -shared -fPIC -o "$home/driver/libcuda.so.1" tests/cuda_on_cpu/driver.c
    download "$home/wheels" $torch_brings
    .venv/bin/python -m venv "$home/bare"
    "$home/bare/bin/python" -m pip install --quiet --no-index --find-links "$home/wheels" $torch_brings
    cd "$home/checkout"
    offline=
    if unshare -rn true 2>/dev/null; then offline="unshare -rn"; else say "the network cannot be shut off here."; fi
    call=1 status=0
    while [ "$call" -le "${CHECK_CALLS:-2}" ]; do
        say "call $call"
        status=0
        $offline env -i PATH="$PATH" HOME="$home" PIP_NO_INDEX=1 PIP_DISABLE_PIP_VERSION_CHECK=1 OUT="${OUT:-}" EARLIER="${EARLIER:-}" \
            CUDA_HOME="$PWD/tests/cuda_on_cpu" LD_LIBRARY_PATH="$home/driver" PYTHON="$home/bare/bin/python" \
            CHECK_SECONDS="${CHECK_SECONDS:-280}" CHECK_PARTS="${CHECK_PARTS:-}" sh tools/gpu_check.sh there || status=$?
        call=$((call + 1))
    done
    return $status
}

case ${1:-prepare} in
prepare | there | rehearse) "${1:-prepare}" ;;
*) fail "usage: sh tools/gpu_check.sh [there | rehearse]" ;;
esac
