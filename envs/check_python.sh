#!/bin/sh
# Ends with one line that says what to do where make cannot install with this Python.
# Variables: python, the program; version, what it says of itself ("3.11", nothing where it cannot be run); supported.
list=$(echo "$supported" | sed 's/ /, /g')
system=$(uname -s)
if [ "$system" != Linux ]; then
    echo "Reel Atlas runs on Linux, and this is $system. On Windows use WSL, on a Mac a container (docs/containers.md)." >&2
    exit 1
fi
case " $supported " in
*" ${version:-none} "*) ;;
*)
    for other in python3.13 python3.12 python3.11; do
        "$other" -c '' 2>/dev/null && break
        other=
    done
    if [ "$version" ]; then found="$python is Python $version"; else found="$python is no Python 3 that runs"; fi
    if [ "$other" ]; then remedy="Name another"; else remedy="Install one (conda create -n atlas python=3.13, or python3.13-venv of your Linux), then name it"; fi
    echo "Reel Atlas runs on Python $list, and $found. $remedy: make PYTHON=${other:-python3.13}" >&2
    exit 1
    ;;
esac
if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "$python comes without its module venv: install the package python$version-venv, or name another Python: make PYTHON=..." >&2
    exit 1
fi
