# Sourced by ./start and ./check: sees what is missing and installs it.
# packages_need KIND...   names what is missing of those kinds of tools/packages, with the reason
# packages_install        installs what packages_need found

packages_missing=()

packages_need() {
	local kind package why wanted=" $* " names=() reasons=() i
	while read -r kind package why; do
		case $wanted in
		*" $kind "*) ;;
		*) continue ;;
		esac
		names+=("$package")
		reasons+=("$why")
	done < <(grep -v '^#' tools/packages)
	local there
	there=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p')
	packages_missing=()
	for i in "${!names[@]}"; do
		package=${names[$i]}
		if [ "$package" = libclang-rt-NN-dev ]; then
			grep -qE '^libclang-rt-[0-9]+-dev$' <<<"$there" && continue
			package=$(clang_runtime)
			[ -n "$package" ] || continue
		fi
		grep -qxF "$package" <<<"$there" && continue
		# Whoever brought a tool by other means need not have the package as well.
		case $package in
		gcc | g++ | make | clang | clang-format | cppcheck | git)
			command -v "$package" >/dev/null && continue
			;;
		nodejs)
			command -v node >/dev/null && continue
			;;
		npm)
			command -v npm >/dev/null && continue
			;;
		esac
		packages_missing+=("$package")
		printf 'missing: %-20s %s\n' "$package" "${reasons[$i]}"
	done
}

# "libclang-rt-14-dev": the one that fits the system's clang.
clang_runtime() {
	local version
	version=$(apt-cache depends clang 2>/dev/null | sed -nE 's/.*Depends: clang-([0-9]+)$/\1/p' | head -n 1)
	[ -n "$version" ] && echo "libclang-rt-$version-dev"
}

packages_install() {
	[ ${#packages_missing[@]} -eq 0 ] && return 0
	local as=() apt
	if ! command -v apt-get >/dev/null; then
		echo "apt-get is not here; please install these by hand: ${packages_missing[*]}" >&2
		return 1
	fi
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null; then
			echo "Not root and no sudo. As root: apt-get install ${packages_missing[*]}" >&2
			return 1
		fi
		as=(sudo)
	fi
	apt=("${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y)
	echo "Installing with apt-get${as:+ (with sudo)}: ${packages_missing[*]}"
	local log
	log=$(mktemp)
	if ! "${apt[@]}" install --no-install-recommends "${packages_missing[@]}" >"$log" 2>&1; then
		# A fresh machine has no list of packages yet.
		"${apt[@]}" update >"$log" 2>&1 || true
		packages_refresh
		if ! "${apt[@]}" install --no-install-recommends "${packages_missing[@]}" >"$log" 2>&1; then
			tail -n 20 "$log" >&2
			rm -f "$log"
			return 1
		fi
	fi
	rm -f "$log"
}

# The clang runtime can be named only once the list of packages is there.
packages_refresh() {
	local runtime package
	runtime=$(clang_runtime)
	for package in "${packages_missing[@]}"; do
		case $package in
		libclang-rt-*) runtime= ;;
		esac
	done
	case " ${packages_missing[*]} " in
	*' clang '*) [ -n "$runtime" ] && packages_missing+=("$runtime") ;;
	esac
	return 0
}
