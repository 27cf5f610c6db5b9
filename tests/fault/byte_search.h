/*
 * byte_search.h - looks for texts in every byte of a data directory.
 *
 * A file that cannot be read is a failure, not one without the texts.
 */
#ifndef TRICHTER_TESTS_BYTE_SEARCH_H
#define TRICHTER_TESTS_BYTE_SEARCH_H

#include "world.h"

#include <dirent.h>
#include <sys/stat.h>

struct byte_search {
	const char *const *texts;
	size_t n;
	bool tells; /* which file holds what */
};

static uint64_t search_file(const struct byte_search *s, const char *path, size_t size)
{
	uint64_t found = 0;
	FILE *f = fopen(path, "rb");
	assert_non_null(f);
	char *bytes = malloc(size + 1);
	assert_non_null(bytes);
	size_t n = fread(bytes, 1, size, f);
	assert_int_equal(ferror(f), 0);
	for (size_t i = 0; i < s->n; i++) {
		if (!memmem(bytes, n, s->texts[i], strlen(s->texts[i])))
			continue;
		if (s->tells)
			print_message("%s holds \"%s\"\n", path, s->texts[i]);
		found++;
	}
	free(bytes);
	fclose(f);
	return found;
}

/* In so many places, a file and a text each, one of the texts stands. */
static uint64_t search_dir(const struct byte_search *s, const char *dir)
{
	uint64_t found = 0;
	DIR *d = opendir(dir);
	assert_non_null(d);
	for (struct dirent *at; (at = readdir(d)) != NULL;) {
		char path[1024];
		struct stat st;
		if (at->d_name[0] == '.')
			continue;
		snprintf(path, sizeof path, "%s/%s", dir, at->d_name);
		assert_int_equal(stat(path, &st), 0);
		found += S_ISDIR(st.st_mode) ? search_dir(s, path)
					     : search_file(s, path, (size_t)st.st_size);
	}
	closedir(d);
	return found;
}

#endif
