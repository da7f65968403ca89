# demo  the whole story on this machine; ONCE=1 ends when it is told     run     a server with the defaults
# test  everything, strictly                                              bench   what it costs
# soak  thousands of kills and power cuts under load                      format  the one layout; lint checks it
# fuzz  SECONDS_EACH for everything that reads what strangers send        pictures  the screenshots of the documentation
# sanitize  memory errors and data races, looked for by the compiler's own means

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := test
.PHONY: demo run test bench soak fuzz sanitize memory pictures format lint ground tools

# What the build needs of Debian, and what the tests need besides.
GROUND := libssl-dev libsqlite3-dev pkg-config
TOOLS := gcc libc6-dev chromium fonts-dejavu-core openssl curl
VENV := .venv

# All tests at once would starve one another on a small machine, and those that talk to real processes first.
CALM := SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=12

ROOT := $(if $(filter 0,$(shell id -u)),,sudo )
SWIFT_FILES = git -c 'safe.directory=*' ls-files -z --cached --others --exclude-standard '*.swift'

# Installs those of the packages that are absent; asks the network only then.
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

$(VENV)/installed: Tests/requirements.txt
	@$(call installed,$(GROUND) $(TOOLS) $(python))
	python3 -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --requirement Tests/requirements.txt
	touch $@

test: ground tools lint
	swift build --build-tests
	$(CALM) swift test --skip-build
	$(MAKE) memory

lint:
	$(SWIFT_FILES) | xargs -0 swift format lint --strict --parallel

format:
	$(SWIFT_FILES) | xargs -0 swift format --in-place --parallel

run: ground
	swift run gatehouse serve

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

# What libFuzzer finds stays in .build-fuzz for the next run; Tests/Fuzz/Corpus has where it begins.
fuzz: ground
	FUZZ=1 swift build -c release --sanitize=fuzzer --scratch-path .build-fuzz --product fuzz
	for reader in $(or $(READERS),$(notdir $(wildcard Tests/Fuzz/Corpus/*))); do \
	    mkdir -p .build-fuzz/found/$$reader; \
	    echo "== $$reader"; \
	    FUZZ=$$reader SWIFT_BACKTRACE=enable=no .build-fuzz/release/fuzz \
	        .build-fuzz/found/$$reader Tests/Fuzz/Corpus/$$reader -max_total_time=$(or $(SECONDS_EACH),60) \
	        -max_len=4096 -timeout=10 -artifact_prefix=.build-fuzz/$$reader- -print_final_stats=1 -verbosity=0; \
	done

# The small sibling of `sanitize`: the module that calls OpenSSL, in a minute.
memory: ground
	MEMORY=1 ASAN_OPTIONS=detect_leaks=0 swift test -c release --sanitize=address --scratch-path .build-memory

# AddressSanitizer in release, where alone memory is freed as early as it is in production; debug keeps it alive.
# Leaks are not looked for: Foundation and XCTest keep some bytes of their own. A sanitized build needs a folder of its own.
sanitize: ground tools
	ASAN_OPTIONS=detect_leaks=0 $(CALM) swift test -c release --sanitize=address --scratch-path .build-address \
	    --skip BrowserTests $(if $(SUITE),--filter $(SUITE))
	$(CALM) swift test --sanitize=thread --scratch-path .build-thread \
	    --filter '$(or $(SUITE),StorageTests|AuthorizationServerTests|WebTests)'

pictures: ground tools
	PICTURES=docs/images swift test --filter BrowserTests
