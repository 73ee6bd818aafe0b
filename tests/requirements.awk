# Lists the requirements that tests hold: for each [Trait("R", "n")] one line "n <tab> Project/Class.Method".
# A trait on a class counts for the class. Comments and tests that are always skipped do not count.

FNR == 1 {
    forget()
    class = ""
    project = FILENAME
    sub(/^.*tests\//, "", project)
    sub(/\/.*$/, "", project)
}

/^[ \t]*\/\// { next }

{
    line = $0
    while (match(line, /Trait\("R", *"[0-9]+"\)/)) {
        number = substr(line, RSTART, RLENGTH)
        gsub(/[^0-9]/, "", number)
        pending[++count] = number
        line = substr(line, RSTART + RLENGTH)
    }

    if ($0 ~ /[(, ]Skip *=/) { skipped = 1 }
    if ($0 ~ /Skip(Unless|When) *=/) { conditional = 1 }

    # What is left of the line without its attributes is a declaration, or nothing.
    declaration = $0
    while (match(declaration, /^[ \t]*\[[^]]*\]/)) { declaration = substr(declaration, RSTART + RLENGTH) }

    if (match(declaration, /(^|[ \t])(class|record|struct)[ \t]+[A-Za-z_][A-Za-z_0-9]*/)) {
        class = substr(declaration, RSTART, RLENGTH)
        sub(/^.*[ \t]/, "", class)
        hold(class)
    } else if (declaration ~ /^[ \t]*(public|internal)[ \t]/ && match(declaration, /[A-Za-z_][A-Za-z_0-9]*(<[^>]*>)?\(/)) {
        method = substr(declaration, RSTART, RLENGTH)
        sub(/[<(].*$/, "", method)
        hold(class "." method)
    }
}

function hold(name,    i) {
    if (!skipped || conditional) {
        for (i = 1; i <= count; i++) { print pending[i] "\t" project "/" name }
    }
    forget()
}

function forget() {
    count = 0
    skipped = 0
    conditional = 0
}
