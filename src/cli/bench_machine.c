/*
 * bench_machine.c - on what it was measured, and where there is room to work.
 *
 * What it is:   processor, cores, memory, kernel, file system and what a sync costs there,
 *               compiler, SQLite.
 * Promises:     what cannot be found out is said to be unknown.
 */
#include "cli/bench_int.h"

#include "base/time.h"

#include <dlfcn.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define SYNCS 51

#if defined(__clang__)
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

/* The rest of the first line of a file that begins with `key`; false: there is none. */
static bool line_find(const char *path, const char *key, char *text, size_t room)
{
	char line[1024];
	FILE *f = fopen(path, "re");
	bool found = false;
	while (f != NULL && !found && fgets(line, sizeof line, f) != NULL) {
		const char *colon = strchr(line, ':');
		found = strncmp(line, key, strlen(key)) == 0 && colon != NULL;
		if (found)
			snprintf(text, room, "%.*s", STR_ARG(str_trim(str_of(colon + 1))));
	}
	if (f != NULL)
		fclose(f);
	return found;
}

/* Device and kind of the file system that holds `dir`: the longest mount point that it begins with.
 */
static void disk_find(const char *dir, char *text, size_t room)
{
	char line[4096], real[4096], device[256], point[1024], kind[64];
	size_t best = 0;
	FILE *f = fopen("/proc/mounts", "re");
	snprintf(text, room, "unknown");
	if (realpath(dir, real) == NULL)
		snprintf(real, sizeof real, "%s", dir);
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		if (sscanf(line, "%255s %1023s %63s", device, point, kind) != 3)
			continue;
		size_t n = strlen(point);
		bool below = strncmp(real, point, n) == 0 &&
			     (real[n] == '/' || real[n] == '\0' || n == 1);
		if (below && n >= best) {
			best = n;
			snprintf(text, room, "%.60s on %.60s", kind, device);
		}
	}
	if (f != NULL)
		fclose(f);
}

/* By name at run time: which library is in use counts, and its header belongs to ledger/ alone. */
static void sqlite_find(char *text, size_t room)
{
	void *symbol = dlsym(RTLD_DEFAULT, "sqlite3_libversion");
	const char *(*version)(void) = NULL;
	_Static_assert(sizeof version == sizeof symbol, "functions and data have like addresses");
	memcpy(&version, &symbol, sizeof version);
	snprintf(text, room, "%s", version != NULL ? version() : "unknown");
}

static int span_cmp(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

static bool sync_measure(const char *dir, int64_t *median_r, err *e)
{
	char path[4096], block[4096] = { 0 };
	int64_t spans[SYNCS];
	struct file *f = NULL;
	snprintf(path, sizeof path, "%.4000s/sync", dir);
	if (!file_open(fs_real(), path, FILE_WRITE, &f, e))
		return false;
	bool ok = true;
	for (size_t i = 0; ok && i < SYNCS; i++) {
		int64_t began = time_monotonic_us();
		ok = file_write(f, block, sizeof block, i * sizeof block, e) && file_sync(f, e);
		spans[i] = time_monotonic_us() - began;
	}
	ok = file_close(&f, ok ? e : NULL) && ok;
	if (!ok || !fs_remove(fs_real(), path, e))
		return false;
	qsort(spans, SYNCS, sizeof spans[0], span_cmp);
	*median_r = spans[SYNCS / 2];
	return true;
}

bool machine_look(const char *dir, struct machine *m, err *e)
{
	struct utsname system;
	*m = (struct machine){ .cores = sysconf(_SC_NPROCESSORS_ONLN) };
	if (!line_find("/proc/cpuinfo", "model name", m->cpu, sizeof m->cpu))
		snprintf(m->cpu, sizeof m->cpu, "unknown");
	if (uname(&system) == 0)
		snprintf(m->kernel, sizeof m->kernel, "%.40s %.60s %.20s", system.sysname,
			 system.release, system.machine);
	long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	m->memory_gib = pages > 0 && page > 0 ? (double)pages * (double)page / (double)GIB : 0;
	snprintf(m->compiler, sizeof m->compiler, "%s", COMPILER);
	disk_find(dir, m->disk, sizeof m->disk);
	sqlite_find(m->sqlite, sizeof m->sqlite);
	return sync_measure(dir, &m->sync_us, e);
}

bool workplace_make(struct cli *c, const char *below, const char **dir_r, err *e)
{
	if (below == NULL)
		below = getenv("TMPDIR");
	if (below == NULL || below[0] == '\0')
		below = "/tmp";
	str path = str_printf(&c->arena, "%s/trichter-bench-XXXXXX", below);
	char *dir = str_cstr(&c->arena, path);
	if (dir == NULL)
		return arena_err(&c->arena, e);
	if (mkdtemp(dir) == NULL)
		return err_set_errno(e, ERR_IO, errno, "%s: no directory to work in can be made",
				     below);
	*dir_r = dir;
	return true;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

void workplace_remove(const char *dir)
{
	if (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
		cli_note("trichter bench: %s could not be removed", dir);
}
