/*
 * replay.h - a main for fuzz targets that are built without a fuzzer.
 *
 * What it is:   each target includes this; built as it is, it gives every file of its arguments (of
 *               a directory, every file in it) to LLVMFuzzerTestOneInput once, so that the kept
 *               corpus runs in every check, with any compiler. With -DTRICHTER_FUZZER it declares
 *               the entry point and nothing else, since the fuzzer brings its own main.
 * Promises:     each input stands in a block of exactly its size, so that the address sanitizer
 *               sees the first byte read past it. Fails when a file cannot be read, or none was.
 */
#ifndef TRICHTER_FUZZ_REPLAY_H
#define TRICHTER_FUZZ_REPLAY_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#ifndef TRICHTER_FUZZER

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static size_t replay_inputs;

static bool replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	if (!f) {
		perror(path);
		return false;
	}
	struct stat st;
	bool ok = fstat(fileno(f), &st) == 0;
	size_t n = ok ? (size_t)st.st_size : 0;
	uint8_t *data = malloc(n > 0 ? n : 1);
	ok = ok && data && fread(data, 1, n, f) == n;
	fclose(f);
	if (ok) {
		LLVMFuzzerTestOneInput(data, n);
		replay_inputs++;
	} else {
		fprintf(stderr, "%s: cannot be read\n", path);
	}
	free(data);
	return ok;
}

static bool replay_dir(const char *path)
{
	struct dirent **names;
	int count = scandir(path, &names, NULL, alphasort);
	if (count < 0) {
		perror(path);
		return false;
	}
	bool ok = true;
	for (int i = 0; i < count; i++) {
		char file[4096];
		int n = snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
		struct stat st;
		if (n < 0 || (size_t)n >= sizeof file || stat(file, &st) != 0)
			ok = false;
		else if (S_ISREG(st.st_mode))
			ok = replay_file(file) && ok;
		free(names[i]);
	}
	free(names);
	return ok;
}

int main(int argc, char **argv)
{
	bool ok = true;
	for (int i = 1; i < argc; i++) {
		struct stat st;
		bool dir = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);
		ok = (dir ? replay_dir(argv[i]) : replay_file(argv[i])) && ok;
	}
	const char *name = strrchr(argv[0], '/');
	printf("%s: %zu inputs replayed\n", name ? name + 1 : argv[0], replay_inputs);
	return ok && replay_inputs > 0 ? 0 : 1;
}

#endif
#endif
