# A PostgreSQL cluster for one run of the tests; sourced by ./test.
# It listens on loopback and a socket of its own and is gone when the run ends. No test takes its power away, so it need not sync.

postgres_directory=

# Where initdb and pg_ctl are.
postgres_programs() {
    local directory
    # Debian keeps them off the PATH, one directory per major version; the newest first.
    for directory in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) $(dirname "$(command -v initdb || echo /none/initdb)"); do
        if "$directory/initdb" --version >/dev/null 2>&1 && "$directory/pg_ctl" --version >/dev/null 2>&1; then
            echo "$directory"
            return
        fi
    done
    return 1
}

# PostgreSQL refuses to run as root, so root needs its user as well.
can_run_postgres() {
    postgres_programs >/dev/null && { ((EUID != 0)) || id postgres >/dev/null 2>&1; }
}

# Installs PostgreSQL where it is missing and that is allowed. Without it the tests that need it skip, but not in CI.
prepare_postgres() {
    if [[ -n ${COUNTERSIGN_TEST_POSTGRES:-} ]] || can_run_postgres; then return; fi

    echo "== installing PostgreSQL"
    local as_root=()
    if ((EUID != 0)); then as_root=(sudo -n); fi
    if ! { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" apt-get install -y -qq --no-install-recommends postgresql; } >/dev/null; then
        postgres_is_missing "it is not installed, and apt-get could not install it"
    fi
}

postgres_is_missing() {
    echo "PostgreSQL: $1" >&2
    if [[ ${CI:-} == true ]]; then exit 1; fi
}

# That user need not be able to read this directory.
as_postgres() (
    cd /
    if ((EUID == 0)); then exec runuser -u postgres -- "$@"; else exec "$@"; fi
)

start_postgres() {
    if [[ -n ${COUNTERSIGN_TEST_POSTGRES:-} ]]; then return; fi

    if ! can_run_postgres; then
        postgres_is_missing "no initdb and pg_ctl, or no user to run them as; its tests are skipped"
        return
    fi

    local programs port
    programs=$(postgres_programs)
    printf '\n== PostgreSQL\n'
    # Not under TMPDIR: the path of a socket may have 107 bytes at most.
    postgres_directory=$(mktemp -d /tmp/countersign-postgres.XXXXXX)
    if ((EUID == 0)); then chown postgres "$postgres_directory"; fi
    as_postgres "$programs/initdb" --pgdata "$postgres_directory/data" --username postgres --auth trust --encoding UTF8 --locale C --no-sync >/dev/null

    local try
    for try in 1 2 3 4 5; do
        port=$((20000 + RANDOM % 12000))
        if as_postgres "$programs/pg_ctl" start --silent --wait --pgdata "$postgres_directory/data" --log "$postgres_directory/log" --options \
            "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories=$postgres_directory -c max_connections=300 -c fsync=off -c full_page_writes=off"; then
            export COUNTERSIGN_TEST_POSTGRES="Host=127.0.0.1;Port=$port;Username=postgres"
            echo "$("$programs/postgres" --version), port $port"
            return
        fi
    done

    tail -n 20 "$postgres_directory/log" >&2
    postgres_is_missing "the cluster did not start; its tests are skipped"
}

stop_postgres() {
    if [[ -z $postgres_directory ]]; then return; fi
    as_postgres "$(postgres_programs)/pg_ctl" stop --silent --mode immediate --pgdata "$postgres_directory/data" >/dev/null 2>&1 || true
    rm -rf "$postgres_directory"
}
