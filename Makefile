# demo      plays the whole flow on this machine; ONCE=1 exits afterwards
# test      lints, builds and runs every test
# python    builds the Python package and tests its wheel on each Python of this machine; wheel only builds it, into dist/
# run       starts a server with the defaults
# release   builds the program for delivery, the list of its packages and checksums, into release/
# deb       builds the Debian package there; packages installs it in a new Debian and tries the pages of docs/operations
# bench     measures latency and throughput
# soak      kills processes and cuts power thousands of times under load
# fuzz      fuzzes each parser of untrusted input for SECONDS_EACH
# sanitize  searches for memory errors and data races with the compiler's sanitizers
# pictures  takes the screenshots of the documentation
# format    formats every Swift file; lint checks the format

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := test
.PHONY: demo run test python wheel release deb packages bench soak fuzz sanitize memory pictures format lint ground tools

# The Debian packages that the build needs, and those that the tests need too.
GROUND := libssl-dev libsqlite3-dev pkg-config
# LemonLDAP::NG, an OpenID provider, with its server and the Perl modules that it needs but does not depend on.
LEMONLDAP := liblemonldap-ng-portal-perl starman libio-string-perl libstring-random-perl
# Node and the compiler of TypeScript run the block of docs/typescript.md.
TOOLS := gcc libc6-dev chromium fonts-dejavu-core openssl curl nodejs node-typescript $(LEMONLDAP)
VENV := .venv
# The requirements of the tests, and those of the Python package that they test.
REQUIREMENTS := Tests/requirements.txt Sources/Python/requirements.txt

# Without a limit, tests that talk to real processes time out on a small machine.
CALM := SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=12

ROOT := $(if $(filter 0,$(shell id -u)),,sudo )
SWIFT_FILES = git -c 'safe.directory=*' ls-files -z --cached --others --exclude-standard '*.swift'

# Installs missing packages; uses the network only for them.
define installed
	missing=; \
	for package in $(1); do \
	    dpkg-query -W -f '$${Status}' "$$package" 2>/dev/null | grep -q '^install ok installed$$' \
	        || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	    echo "Installing$$missing"; \
	    $(ROOT)apt-get update -qq; \
	    $(ROOT)env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$missing; \
	fi
endef

ground:
	@$(call installed,$(GROUND))

tools: python := $(shell python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3 python3-venv)
tools: $(VENV)/installed

$(VENV)/installed: $(REQUIREMENTS)
	@$(call installed,$(GROUND) $(TOOLS) $(python))
	python3 -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check $(addprefix --requirement ,$(REQUIREMENTS))
	touch $@

test: ground tools lint
	swift build --build-tests
	$(CALM) swift test --skip-build
	$(MAKE) memory

# An environment that has what the package needs and nothing of the package itself.
.venv-python/installed: Sources/Python/requirements.txt
	python3 -m venv --clear .venv-python
	.venv-python/bin/pip install --quiet --no-compile --disable-pip-version-check --requirement $<
	touch $@

python: .venv-python/installed
	rm -rf dist && .venv-python/bin/python Sources/Python/check.py --each dist

wheel: .venv-python/installed
	.venv-python/bin/pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist Sources/Python

lint:
	$(SWIFT_FILES) | xargs -0 swift format lint --strict --parallel

format:
	$(SWIFT_FILES) | xargs -0 swift format --in-place --parallel

run: ground
	swift run gatehouse serve

# The program names no folder of this machine, and its list of packages has no time, so that the same sources make the same files.
GIT := git -c 'safe.directory=*'
release: ground
	@$(call installed,python3)
	commit=$$($(GIT) rev-parse HEAD); \
	$(GIT) diff --quiet HEAD || commit=$$commit+changes; \
	COMMIT=$$commit swift build -c release --product gatehouse --static-swift-stdlib --scratch-path .build-release \
	    --disable-local-rpath -Xlinker --gc-sections -Xlinker --strip-all \
	    -Xswiftc -file-prefix-map -Xswiftc $(CURDIR)=. -Xcc -ffile-prefix-map=$(CURDIR)=.
	mkdir -p release
	install -m 755 .build-release/release/gatehouse release/gatehouse
	python3 Sources/Packaging/sbom.py release/gatehouse Package.resolved .build-release/checkouts >release/sbom.json
	cd release && sha256sum gatehouse sbom.json >SHA256SUMS

deb: release
	@$(call installed,dpkg-dev)
	rm -f release/*.deb
	SOURCE_DATE_EPOCH=$$($(GIT) log -1 --format=%ct) Sources/Packaging/Debian/build.sh release/gatehouse release/sbom.json release
	cd release && sha256sum gatehouse sbom.json *.deb >SHA256SUMS

# Needs root for the new Debian, and the network for its packages.
packages: deb
	@$(call installed,debootstrap lintian nginx apache2 haproxy caddy openssl curl)
	Tests/Packaging/package.sh release/gatehouse_*.deb
	python3 Tests/Packaging/proxies.py release/gatehouse docs/operations/tls-and-proxies.md

demo: ground
	@$(call installed,openssl)
	swift build
	ONCE=$(ONCE) .build/debug/demo

bench: ground
	swift build -c release --product gatehouse
	swift build -c release --product example-mcp-server
	swift run -c release --package-path Tests/Benchmarks

soak: ground
	SOAK=$(or $(ROUNDS),2000) swift test --filter SoakTests

# libFuzzer keeps its findings in .build-fuzz for the next run; Tests/Fuzz/Corpus has the initial inputs.
fuzz: ground
	FUZZ=1 swift build -c release --sanitize=fuzzer --scratch-path .build-fuzz --product fuzz
	for reader in $(or $(READERS),$(notdir $(wildcard Tests/Fuzz/Corpus/*))); do \
	    mkdir -p .build-fuzz/found/$$reader; \
	    echo "== $$reader"; \
	    FUZZ=$$reader SWIFT_BACKTRACE=enable=no .build-fuzz/release/fuzz \
	        .build-fuzz/found/$$reader Tests/Fuzz/Corpus/$$reader -max_total_time=$(or $(SECONDS_EACH),60) \
	        -max_len=4096 -timeout=10 -artifact_prefix=.build-fuzz/$$reader- -print_final_stats=1 -verbosity=0; \
	done

# A one-minute `sanitize` for JOSE, the module that calls OpenSSL.
memory: ground
	MEMORY=1 ASAN_OPTIONS=detect_leaks=0 swift test -c release --sanitize=address --scratch-path .build-memory

# AddressSanitizer runs in release, which frees memory as early as production does; debug builds free it later.
# Leak detection is off, because Foundation and XCTest leak a few bytes. A sanitized build needs a folder of its own.
sanitize: ground tools
	ASAN_OPTIONS=detect_leaks=0 $(CALM) swift test -c release --sanitize=address --scratch-path .build-address \
	    --skip BrowserTests $(if $(SUITE),--filter $(SUITE))
	"$$(dirname "$$(readlink -f "$$(command -v swift)")")/clang" -shared -fPIC -O1 -o .build-thread-mutex.so Tests/Sanitizer/mutex.c -ldl
	swift build --build-tests --sanitize=thread --scratch-path .build-thread
	LD_PRELOAD=$(CURDIR)/.build-thread-mutex.so $(CALM) .build-thread/debug/gatehousePackageTests.xctest \
	    --testing-library swift-testing --filter '^($(or $(SUITE),StorageTests|AuthorizationServerTests|WebTests))'

pictures: ground tools
	PICTURES=docs/images swift test --filter BrowserTests
