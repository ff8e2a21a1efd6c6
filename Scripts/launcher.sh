# shellcheck shell=bash
# What the launchers ./skein, ./test and ./bench share. Each sources this file after it has set
# `root` (the checkout, an absolute path). Everything that is said here goes to standard error:
# standard output belongs to the program that is launched.

say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

die() {
  say "$@"
  exit 1
}

# ---------------------------------------------------------------------------------------------
# Set-up: a Swift toolchain and the system packages that the build needs

required_swift=6.2

# A line for each system package: the Debian package | a shell test that succeeds when it is there.
system_packages() {
  cat <<'END'
git|command -v git
libsqlite3-dev|[ -e /usr/include/sqlite3.h ] || pkg-config --exists sqlite3
zlib1g-dev|[ -e /usr/include/zlib.h ] || pkg-config --exists zlib
END
}

set_up() {
  require_swift
  local missing=() package test
  while IFS='|' read -r package test; do
    eval "{ $test; }" >/dev/null 2>&1 || missing+=("$package")
  done < <(system_packages)
  install_packages "${missing[@]}"
}

require_swift() {
  local version swiftly=${SWIFTLY_BIN_DIR:-${HOME:-/root}/.local/share/swiftly/bin}
  # Installed a moment ago: the shell that started this one may not have read its new PATH yet.
  command -v swift >/dev/null || PATH=$PATH:$swiftly
  command -v swift >/dev/null || die "Swift is missing. $(advise_swift)"
  version=$(swift --version 2>&1) || die "'swift --version' failed: $version
$(advise_swift)"
  [[ $version =~ Swift\ version\ ([0-9]+(\.[0-9]+)*) ]] || die "cannot tell Swift's version from: $version"
  version=${BASH_REMATCH[1]}
  [ "$(printf '%s\n' "$required_swift" "$version" | sort -V | head -n 1)" = "$required_swift" ] ||
    die "$(command -v swift) is Swift $version, which is too old. $(advise_swift)"
}

advise_swift() {
  echo "Install Swift $required_swift or newer (6.3 is what Skein is developed with) from" \
    "https://www.swift.org/install/linux and have 'swift' in your PATH."
}

# Installs Debian packages, or ends with the command that a person has to run.
install_packages() {
  [ $# -gt 0 ] || return 0
  local install=(apt-get install --yes -qq --no-install-recommends "$@") as_root=(env DEBIAN_FRONTEND=noninteractive)
  local by_hand="apt-get update && apt-get install $*"
  command -v apt-get >/dev/null ||
    die "missing system packages: $* (Debian's names). Install what your distribution calls them."
  if [ "$(id -u)" -ne 0 ]; then
    by_hand="sudo apt-get update && sudo apt-get install $*"
    sudo -n true 2>/dev/null || die "missing system packages: $*. Install them with
  $by_hand"
    as_root=(sudo -n "${as_root[@]}")
  fi
  say "installing system packages: $*"
  if ! compgen -G '/var/lib/apt/lists/*Packages*' >/dev/null || ! "${as_root[@]}" "${install[@]}" </dev/null >&2; then
    # No package lists yet (a fresh container), or lists that name versions long gone.
    "${as_root[@]}" apt-get update -qq </dev/null >&2 || die "updating apt's lists failed. Try by hand:
  $by_hand"
    "${as_root[@]}" "${install[@]}" </dev/null >&2 || die "installing failed. Try by hand:
  $by_hand"
  fi
}

# ---------------------------------------------------------------------------------------------
# Release builds that cost nothing when nothing has changed

# Builds PRODUCT in release unless its sources are as they were, and leaves the program's path in `binary`.
#
# `swift build` takes about a second to find out that there is nothing to do; a listing of the
# sources with their times and sizes, compared with the one of the last build, takes milliseconds.
#
# Usage: build_release PRODUCT PACKAGE_FOLDER SCRATCH_FOLDER SOURCE...
build_release() {
  local product=$1 package=$2 scratch=$3
  shift 3
  local stamp=$scratch/$product.stamp
  binary=$scratch/bin/$product
  # shellcheck disable=SC2154 # root is set by the launcher that sources this file
  set -- "$root/Scripts/launcher.sh" "$@"
  is_current "$stamp" "$@" && return

  set_up
  mkdir -p "$scratch/bin"
  exec 9>"$scratch/$product.lock"
  flock --nonblock 9 || {
    say "waiting for another build of $product"
    flock 9
  }
  is_current "$stamp" "$@" || compile "$product" "$package" "$scratch" "$stamp" "$@"
  exec 9>&-
}

is_current() {
  local stamp=$1
  shift
  [ -x "$binary" ] && [ -r "$stamp" ] && [ "$(list_sources "$@")" = "$(<"$stamp")" ]
}

list_sources() { find "$@" -printf '%y %s %T@ %p\n' 2>/dev/null; }

compile() {
  local product=$1 package=$2 scratch=$3 stamp=$4 listing started=$SECONDS
  shift 4
  # SwiftPM can miss a new file of a package that is named by its path, until the manifest that names it changes.
  touch "$package/Package.swift"
  # Listed before the build, so that an edit made while it runs leads to another build.
  listing=$(list_sources "$@")
  rm -f "$stamp"
  if [ -x "$binary" ]; then
    say "sources have changed: building $product again"
  else
    say "building $product in release, once; it takes a few minutes"
  fi
  run_compiler "$scratch/$product.log" swift build --configuration release --product "$product" \
    --package-path "$package" --scratch-path "$scratch" --static-swift-stdlib ||
    die "building $product failed (the compiler's words are above)"
  # A copy, put in place at once: what is being run is never half written, nor busy when it is linked again.
  cp "$scratch/release/$product" "$binary.new"
  mv -f "$binary.new" "$binary"
  printf '%s\n' "$listing" >"$stamp"
  say "built $product in $((SECONDS - started)) s"
}

# Runs a build with its progress on a terminal, and elsewhere in silence unless it fails.
run_compiler() {
  local log=$1
  shift
  if [ -t 2 ]; then
    "$@" </dev/null >&2 9>&-
  else
    "$@" </dev/null >"$log" 2>&1 9>&- || {
      cat "$log" >&2
      return 1
    }
  fi
}
