# Trichter: one program. `make` builds build/release/trichter.
#
#   make tests            all tests, not run          make unit        builds and runs the unit tests
#   make unit-DIR         those of one directory      make fuzz-NAME   runs a fuzzer (SECONDS=60)
#   make doc              man page and completion     make clean       removes build/
#   make install          PREFIX=/usr/local DESTDIR=
#
# Flavours: FLAVOUR=release (default), debug, asan (address and undefined behaviour), tsan, cov, fuzz.
# Everything is built below build/FLAVOUR; BUILD=DIR moves that, CC=clang changes the compiler.

FLAVOUR ?= release
BUILD   ?= build/$(FLAVOUR)
PREFIX  ?= /usr/local
CC      ?= gcc
CXX     ?= g++
ifeq ($(origin CC),default)
CC := gcc
endif
ifeq ($(origin CXX),default)
CXX := $(if $(findstring clang,$(CC)),clang++,g++)
endif

VERSION := $(shell cat VERSION 2>/dev/null || echo 0)
WARN := -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes \
        -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Werror
FLAGS_release := -O2 -g
FLAGS_debug   := -O0 -g3
FLAGS_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_tsan    := -O1 -g -fsanitize=thread
FLAGS_cov     := -O0 -g --coverage
FLAGS_fuzz    := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
FLAGS   := $(FLAGS_$(FLAVOUR))
CPPFLAGS += -Isrc -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DTRICHTER_VERSION='"$(VERSION)"'
CFLAGS  += -std=gnu17 $(WARN) $(FLAGS) -fstack-protector-strong
CXXFLAGS += -std=c++17 -Wall -Wextra -Werror $(FLAGS) -fno-exceptions -fno-rtti
LDFLAGS += $(FLAGS)
LDLIBS  += -lsqlite3 -lmicrohttpd -lsodium -lz -lsimdjson -lcsv -lfyaml -lzstd -lxxhash -lutf8proc -lidn2 -lm -lpthread -lstdc++

# The layers, top first: the order in which the linker needs them.
DIRS := cli server load sales marketing funnel directory people journal ledger archive rule column io base
deps = $(shell sed -n 's/^$(1): *//p' tools/layers)

srcs = $(wildcard src/$(1)/*.c src/$(1)/*.cc)
objs = $(patsubst src/%,$(BUILD)/obj/%.o,$(call srcs,$(1))) $(if $(filter server,$(1)),$(BUILD)/obj/web/assets.c.o)
lib  = $(BUILD)/lib/lib$(1).a
libs_below = $(foreach d,$(DIRS),$(if $(filter $(d),$(1) $(call deps,$(1))),$(if $(call srcs,$(d)),$(call lib,$(d)))))

.PHONY: all tests unit clean help install doc
all: $(BUILD)/trichter

help:
	@sed -n '/^#/!q;s/^# \{0,1\}//p' Makefile

$(BUILD)/trichter: $(BUILD)/obj/cli/main.c.o $(call libs_below,cli)
	$(CC) $(LDFLAGS) -o $@ -Wl,--start-group $^ -Wl,--end-group $(LDLIBS)

$(BUILD)/obj/%.c.o: src/%.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

# Where the address checks watch stacks that were left, locals lie in frames that are aligned to 32
# bytes at most, and vectors of 64 need more: these files go without that one check.
NO_RETURN_CHECK := $(if $(findstring address,$(FLAGS)),$(if $(findstring clang,$(CC)),-fsanitize-address-use-after-return=never,--param=asan-use-after-return=0))
$(BUILD)/obj/funnel/fast_avx512.c.o $(BUILD)/obj/funnel/fast_avx2.c.o: CFLAGS += $(NO_RETURN_CHECK)

$(BUILD)/obj/%.cc.o: src/%.cc Makefile
	@mkdir -p $(@D)
	$(CXX) $(CPPFLAGS) $(CXXFLAGS) -MMD -MP -c -o $@ $<

# The screens: web/ becomes build/web, once for all flavours, and from there a part of the program.
# npm brings the tools when the lock file has changed since; after that no network is needed. The
# lock keeps two makes of different flavours apart.
WEB_SRCS := $(shell find web -name node_modules -prune -o -type f -print 2>/dev/null)
WEB_MODULES := web/node_modules/.package-lock.json
$(WEB_MODULES): web/package.json web/package-lock.json
	@mkdir -p build
	@flock build/web.lock sh -c '[ $@ -nt web/package-lock.json ] && [ $@ -nt web/package.json ] || \
		{ cd web && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && touch ../$@; }'

build/web/assets.c: $(WEB_SRCS) $(WEB_MODULES)
	@flock build/web.lock sh -c '[ -z "$$(find $(WEB_SRCS) -newer $@ 2>&1)" ] && [ -e $@ ] || \
		node web/build.mjs build/web'

$(BUILD)/obj/web/assets.c.o: build/web/assets.c src/server/assets_int.h
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

.PHONY: web
web: build/web/assets.c

# main.c is the program's alone, so that tests of cli/ can have a main of their own.
define layer
$(call lib,$(1)): $(filter-out $(BUILD)/obj/cli/main.c.o,$(call objs,$(1)))
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach d,$(DIRS),$(eval $(call layer,$(d))))

# tests/unit/DIR/test_X.c links DIR and what DIR may include; tests/fault/test_X.c links everything.
UNIT_SRCS  := $(wildcard tests/unit/*/test_*.c)
UNIT_BINS  := $(patsubst tests/unit/%.c,$(BUILD)/tests/unit/%,$(UNIT_SRCS))
FAULT_SRCS := $(wildcard tests/fault/test_*.c)
FAULT_BINS := $(patsubst tests/fault/%.c,$(BUILD)/tests/fault/%,$(FAULT_SRCS))
FUZZ_SRCS  := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_BINS  := $(patsubst tests/fuzz/%.c,$(BUILD)/tests/fuzz/%,$(FUZZ_SRCS))
TESTFLAGS  := $(filter-out -Wmissing-prototypes -Wcast-qual,$(CFLAGS)) -Itests

define unit
$(BUILD)/tests/unit/$(1)/test_%: tests/unit/$(1)/test_%.c $(call libs_below,$(1)) $(wildcard tests/*.h tests/unit/$(1)/*.h)
	@mkdir -p $$(@D)
	$(CC) $(CPPFLAGS) $(TESTFLAGS) $(LDFLAGS) -o $$@ $$< -Wl,--start-group $(call libs_below,$(1)) -Wl,--end-group -lcmocka -ljansson $(LDLIBS)
.PHONY: unit-$(1)
unit-$(1): $(filter $(BUILD)/tests/unit/$(1)/%,$(UNIT_BINS))
	@set -e; for t in $$^; do $$$$t; done
endef
$(foreach d,$(DIRS),$(eval $(call unit,$(d))))

$(BUILD)/tests/fault/%: tests/fault/%.c $(call libs_below,cli) $(wildcard tests/*.h tests/fault/*.h)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(TESTFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(call libs_below,cli) -Wl,--end-group -lcmocka -ljansson $(LDLIBS)

# A fuzz target has LLVMFuzzerTestOneInput; built here with a main that replays its corpus
# (tests/fuzz/corpus/NAME/*). `make fuzz-NAME` runs the real fuzzer for a while.
$(BUILD)/tests/fuzz/%: tests/fuzz/%.c tests/fuzz/replay.h $(call libs_below,cli)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(TESTFLAGS) $(LDFLAGS) -o $@ $< -Wl,--start-group $(call libs_below,cli) -Wl,--end-group $(LDLIBS)

# The same target under libFuzzer, from the same corpus; what it finds new stays in build/.
$(BUILD)/fuzzer/%: tests/fuzz/%.c tests/fuzz/replay.h $(call libs_below,cli)
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(TESTFLAGS) $(LDFLAGS) -fsanitize=fuzzer -DTRICHTER_FUZZER -o $@ $< -Wl,--start-group $(call libs_below,cli) -Wl,--end-group $(LDLIBS)
SECONDS ?= 60
fuzz-%:
	$(MAKE) FLAVOUR=fuzz BUILD=build/fuzz CC=clang CXX=clang++ build/fuzz/fuzzer/fuzz_$*
	@mkdir -p build/fuzz/found/$* tests/fuzz/corpus/$*
	build/fuzz/fuzzer/fuzz_$* -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=2048 \
		-artifact_prefix=build/fuzz/found/$*- build/fuzz/found/$* tests/fuzz/corpus/$*

tests: $(UNIT_BINS) $(FAULT_BINS) $(FUZZ_BINS)
unit: $(UNIT_BINS)
	@set -e; for t in $^; do $$t; done

# Made from the program's own table of commands; kept in the repository, ./check compares.
doc: $(BUILD)/trichter
	$(BUILD)/trichter help --man > docs/trichter.1
	$(BUILD)/trichter completion bash > docs/trichter.bash

install: $(BUILD)/trichter
	install -D -m 755 $(BUILD)/trichter $(DESTDIR)$(PREFIX)/bin/trichter
	install -D -m 644 docs/trichter.1 $(DESTDIR)$(PREFIX)/share/man/man1/trichter.1
	install -D -m 644 docs/trichter.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/trichter
	install -D -m 644 examples/deploy/trichter.service $(DESTDIR)$(PREFIX)/lib/systemd/system/trichter.service
	sed -i 's|/usr/local/bin|$(PREFIX)/bin|' $(DESTDIR)$(PREFIX)/lib/systemd/system/trichter.service
	mkdir -p $(DESTDIR)$(PREFIX)/share/trichter/maps
	install -m 644 examples/maps/*.yaml $(DESTDIR)$(PREFIX)/share/trichter/maps/

clean:
	rm -rf build

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
