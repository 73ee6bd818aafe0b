# Sourced by the commands of this folder: sees to what they need and runs the measuring program.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
artifacts=${ArtifactsPath:-$root/artifacts}
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
# The built programs look for the runtime in the usual places only; this one was found on the PATH.
export DOTNET_ROOT=${DOTNET_ROOT:-$(dirname "$(readlink -f "$(command -v dotnet)")")}

install_tools() {
    local missing=()
    command -v wrk >/dev/null || missing+=(wrk)
    command -v sqlite3 >/dev/null || missing+=(sqlite3)
    command -v taskset >/dev/null || missing+=(util-linux)
    ((${#missing[@]} == 0)) && return

    local as_root=()
    if [[ $EUID -ne 0 ]]; then as_root=(sudo); fi
    echo "Installing ${missing[*]}." >&2
    "${as_root[@]}" apt-get update --quiet=2 >&2
    "${as_root[@]}" apt-get install --yes --quiet=2 --no-install-recommends "${missing[@]}" >&2
}

# Says something only when it fails.
build() {
    local said
    if ! said=$(cd "$root" && dotnet build "$1" --configuration Release --verbosity quiet -nodeReuse:false -consoleLoggerParameters:NoSummary 2>&1); then
        printf '%s\n' "$said" >&2
        return 1
    fi
}

# measure COMMAND [OPTIONS]
measure() {
    build bench/Measure
    if [[ " $* " != *" --help "* && " $* " != *" -h "* ]]; then
        install_tools
        echo "Building what is measured." >&2
        build bench/Probe
        build bench/Ceiling
        build src/Cli
    fi

    exec dotnet "$artifacts/bin/Measure/release/Countersign.Measure.dll" "$@"
}
