#!/usr/bin/env bash
# Builds the Debian package from a program that 'make release' built.
#
# usage: build.sh PROGRAM SBOM OUTPUT-FOLDER
#
# SOURCE_DATE_EPOCH dates every file, so that the same program makes the same package.
set -euo pipefail
program=$(readlink -f "$1")
sbom=$(readlink -f "$2")
output=$(readlink -f "$3")
here=$(dirname "$(readlink -f "$0")")
sources=$(readlink -f "$here/../../..")
export SOURCE_DATE_EPOCH

version=$("$program" --version | cut -d' ' -f2)
architecture=$(dpkg --print-architecture)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
root=$work/gatehouse
documents=$root/usr/share/doc/gatehouse
umask 022

install -D -m 755 "$program" "$root/usr/bin/gatehouse"
for unit in gatehouse.service gatehouse-backup.service gatehouse-backup.timer; do
    install -D -m 644 "$here/$unit" "$root/lib/systemd/system/$unit"
done
install -D -m 644 "$here/gatehouse.yaml" "$root/etc/gatehouse/gatehouse.yaml"
install -D -m 644 "$here/lintian-overrides" "$root/usr/share/lintian/overrides/gatehouse"

python3 "$here/../manual.py" "$program" "$root/usr/share/man/man1"
completions=$root/usr/share
mkdir -p "$completions/bash-completion/completions" "$completions/zsh/vendor-completions" \
    "$completions/fish/vendor_completions.d"
"$program" --generate-completion-script bash | sed '1{/^#!/d}' >"$completions/bash-completion/completions/gatehouse"
"$program" --generate-completion-script zsh >"$completions/zsh/vendor-completions/_gatehouse"
"$program" --generate-completion-script fish >"$completions/fish/vendor_completions.d/gatehouse.fish"

install -D -m 644 "$here/copyright" "$documents/copyright"
gzip -9n <"$sbom" >"$documents/sbom.json.gz"
(cd "$sources/docs" && find . -type f -not -path './images/*' -exec install -D -m 644 {} "$documents/{}" \;)
mv "$documents/changelog.md" "$documents/changelog"
gzip -9n "$documents/changelog"
install -D -m 644 "$here/../Kubernetes/gatehouse.yaml" "$documents/examples/kubernetes.yaml"
printf 'gatehouse (%s) unstable; urgency=medium\n\n  * The changes are in changelog.gz.\n\n -- %s  %s\n' \
    "$version" "The Gatehouse authors <gatehouse@localhost.localdomain>" \
    "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$documents/changelog.Debian.gz"

# dpkg-shlibdeps reads a control file of a source package and writes the libraries that the program needs.
mkdir "$work/debian"
printf 'Source: gatehouse\n\nPackage: gatehouse\nArchitecture: any\n' >"$work/debian/control"
libraries=$(cd "$work" && dpkg-shlibdeps -O gatehouse/usr/bin/gatehouse | sed -n 's/^shlibs:Depends=//p')
if [ -z "$libraries" ]; then
    echo "dpkg-shlibdeps found no library that the program needs." >&2
    exit 1
fi

mkdir "$root/DEBIAN"
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@DEPENDS@/$libraries/" \
    -e "s/@SIZE@/$(du -sk --apparent-size "$root" | cut -f1)/" "$here/control.in" >"$root/DEBIAN/control"
echo /etc/gatehouse/gatehouse.yaml >"$root/DEBIAN/conffiles"
install -m 755 "$here/postinst" "$here/prerm" "$here/postrm" "$root/DEBIAN/"
(cd "$root" && find . -type f -not -path './DEBIAN/*' -printf '%P\0' | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
find "$root" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zxz --build "$root" "$output/gatehouse_${version}_$architecture.deb" >/dev/null
echo "$output/gatehouse_${version}_$architecture.deb"
