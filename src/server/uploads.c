/*
 * uploads.c - the folders below DIR/uploads, for the files of imports.
 *
 * Promises:     nothing outside of DIR/uploads is ever named: tokens are 32 hexadecimal digits,
 * names have no slash and do not begin with a dot. Folders are the server's user's alone.
 * Threads:      any; one upload belongs to one thread.
 */
#include "server/uploads_int.h"

#include "base/num.h"
#include "base/rand.h"
#include "base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define UPLOADS_FOLDER	 "uploads"
#define DISK_RESERVE	 (256 * MIB)
#define UNUSED_UPLOAD_US US_PER_DAY
#define USED_UPLOAD_US	 (30 * US_PER_DAY)
#define FOLDER_FILES_MAX 64

bool uploads_open(const char *data, err *e)
{
	char path[UPLOAD_PATH_MAX];
	if (snprintf(path, sizeof path, "%s/" UPLOADS_FOLDER, data) >= (int)sizeof path)
		return err_set(e, ERR_INVALID, "the path of the data directory is too long");
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return true;
	return err_set_errno(e, ERR_IO, errno, "%s", path);
}

bool upload_token_is_fine(str token)
{
	if (token.n != UPLOAD_TOKEN_CHARS)
		return false;
	for (size_t i = 0; i < token.n; i++) {
		char c = token.p[i];
		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
			return false;
	}
	return true;
}

bool upload_path(const char *data, str token, const char *name, char path[UPLOAD_PATH_MAX])
{
	CHECK(upload_token_is_fine(token));
	return snprintf(path, UPLOAD_PATH_MAX, "%s/" UPLOADS_FOLDER "/%.*s%s%s", data,
			STR_ARG(token), name ? "/" : "", name ? name : "") < UPLOAD_PATH_MAX;
}

/* ---- coming in ------------------------------------------------------------------------------- */

/* The last part, without characters that a shell, a terminal or a file system would stumble over.
 */
static void clean_name(str name, char out[UPLOAD_NAME_MAX + 1])
{
	size_t n = 0;
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '/' || name.p[i] == '\\')
			name = str_sub(name, i + 1, name.n), i = (size_t)-1;
	}
	if (!str_is_utf8(name))
		name = S("");
	while (name.n > 0 && (name.p[0] == '.' || name.p[0] == ' '))
		name = str_sub(name, 1, name.n);
	/* The beginning goes before the end, which says what kind of file it is. */
	if (name.n > UPLOAD_NAME_MAX)
		name = str_sub(name, name.n - UPLOAD_NAME_MAX, name.n);
	while (name.n > 0 && ((unsigned char)name.p[0] & 0xc0) == 0x80)
		name = str_sub(name, 1, name.n);
	for (size_t i = 0; i < name.n; i++) {
		unsigned char c = (unsigned char)name.p[i];
		out[n++] = c < 0x20 || c == 0x7f || c == '"' || c == '\'' ? '_' : (char)c;
	}
	if (n == 0) {
		memcpy(out, "file.csv", 8);
		n = 8;
	}
	out[n] = '\0';
}

static bool make_folder(const char *data, char token_r[UPLOAD_TOKEN_CHARS + 1],
			char path[UPLOAD_PATH_MAX], err *e)
{
	unsigned char random[UPLOAD_TOKEN_CHARS / 2];
	rand_bytes(random, sizeof random);
	for (size_t i = 0; i < sizeof random; i++)
		snprintf(token_r + 2 * i, 3, "%02x", random[i]);
	if (!upload_path(data, str_of(token_r), NULL, path))
		return err_set(e, ERR_INVALID, "the path of the data directory is too long");
	return mkdir(path, 0700) == 0 || err_set_errno(e, ERR_IO, errno, "a folder for the file");
}

bool upload_begin(struct imports *im, str name, char token_r[UPLOAD_TOKEN_CHARS + 1], err *e)
{
	const char *data = imports_data(im);
	char path[UPLOAD_PATH_MAX], clean[UPLOAD_NAME_MAX + 1];
	struct file *file = NULL;
	clean_name(name, clean);
	if (!make_folder(data, token_r, path, e))
		return false;
	if (upload_path(data, str_of(token_r), clean, path) &&
	    file_open(fs_real(), path, FILE_CREATE, &file, e) && file_close(&file, e))
		return true;
	err ignored = { 0 };
	if (!upload_remove_folder(data, str_of(token_r), &ignored))
		err_clear(&ignored); /* the sweep tries again */
	return false;
}

static bool disk_has_room(const char *data, size_t bytes, err *e)
{
	uint64_t room;
	return fs_free_bytes(fs_real(), data, &room, e) &&
	       (room >= DISK_RESERVE + bytes ||
		err_set(e, ERR_BUSY, "the disk is nearly full: no file is taken"));
}

static bool append(struct file *f, uint64_t offset, str part, uint64_t *bytes_r, err *e)
{
	uint64_t bytes;
	if (!file_size(f, &bytes, e))
		return false;
	if (bytes >= offset + part.n) { /* sent again after an answer that was lost */
		*bytes_r = bytes;
		return true;
	}
	if (offset != bytes)
		return err_set(e, ERR_CONFLICT, "the next part begins at byte %llu",
			       (unsigned long long)bytes);
	*bytes_r = offset + part.n;
	return file_write(f, part.p, part.n, offset, e) && file_sync(f, e);
}

bool upload_append(struct imports *im, str token, uint64_t offset, str part, uint64_t *bytes_r,
		   err *e)
{
	const char *data = imports_data(im);
	char path[UPLOAD_PATH_MAX], name[UPLOAD_NAME_MAX + 1];
	struct file *f = NULL;
	if (!upload_file_name(data, token, name, e))
		return false;
	if (part.n > UPLOAD_PART_MAX || offset > UPLOAD_BYTES_MAX - part.n)
		return err_set(e, ERR_LIMIT, "a part may have %llu MiB, a file %llu GiB",
			       (unsigned long long)(UPLOAD_PART_MAX / MIB),
			       (unsigned long long)(UPLOAD_BYTES_MAX / GIB));
	if (!disk_has_room(data, part.n, e) || !upload_path(data, token, name, path) ||
	    !file_open(fs_real(), path, FILE_WRITE, &f, e))
		return false;
	bool ok = append(f, offset, part, bytes_r, e);
	return file_close(&f, ok ? e : NULL) && ok;
}

/* ---- what lies there ------------------------------------------------------------------------- */

struct names {
	char (*list)[256];
	size_t n;
};

static bool note_name(void *arg, const char *name)
{
	struct names *x = arg;
	if (x->n < FOLDER_FILES_MAX && strlen(name) < sizeof x->list[0] && strcmp(name, ".") != 0 &&
	    strcmp(name, "..") != 0)
		snprintf(x->list[x->n++], sizeof x->list[0], "%s", name);
	return true;
}

static bool folder_names(const char *data, str token, char list[FOLDER_FILES_MAX][256], size_t *n_r,
			 err *e)
{
	char path[UPLOAD_PATH_MAX];
	struct names x = { .list = list };
	if (!upload_token_is_fine(token))
		return err_set(e, ERR_NOT_FOUND, "there is no such file here; choose it again");
	if (!upload_path(data, token, NULL, path) || !fs_list(fs_real(), path, note_name, &x, NULL))
		return err_set(e, ERR_NOT_FOUND, "the file is no longer here; choose it again");
	*n_r = x.n;
	return true;
}

bool upload_file_name(const char *data, str token, char name[UPLOAD_NAME_MAX + 1], err *e)
{
	char list[FOLDER_FILES_MAX][256];
	size_t n;
	if (!folder_names(data, token, list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		str s = str_of(list[i]);
		if (s.p[0] == '.' || s.n > UPLOAD_NAME_MAX || str_ends(s, S(".rejects.csv")) ||
		    str_ends(s, S(".rejects.jsonl")))
			continue;
		memcpy(name, s.p, s.n + 1);
		return true;
	}
	return err_set(e, ERR_NOT_FOUND, "the file is no longer here; choose it again");
}

bool upload_remove_folder(const char *data, str token, err *e)
{
	char list[FOLDER_FILES_MAX][256], path[UPLOAD_PATH_MAX];
	size_t n;
	if (!folder_names(data, token, list, &n, e))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (upload_path(data, token, list[i], path) && !fs_remove(fs_real(), path, e))
			return false;
	}
	if (!upload_path(data, token, NULL, path) || rmdir(path) == 0)
		return true;
	return err_set_errno(e, ERR_IO, errno, "the folder of an upload");
}

bool upload_remove(struct imports *im, str token, err *e)
{
	return upload_remove_folder(imports_data(im), token, e);
}

bool upload_put_map(const char *data, str token, str text, err *e)
{
	char path[UPLOAD_PATH_MAX];
	if (!upload_path(data, token, UPLOAD_MAP_FILE, path))
		return err_set(e, ERR_INVALID, "the path of the data directory is too long");
	if (text.n > 0)
		return fs_write_all(fs_real(), path, text, e);
	return !fs_exists(fs_real(), path) || fs_remove(fs_real(), path, e);
}

bool upload_mark(const char *data, str token, uint64_t import, err *e)
{
	char path[UPLOAD_PATH_MAX], text[32];
	if (!upload_path(data, token, UPLOAD_MARK_FILE, path))
		return err_set(e, ERR_INVALID, "the path of the data directory is too long");
	snprintf(text, sizeof text, "%llu", (unsigned long long)import);
	return fs_write_all(fs_real(), path, str_of(text), e);
}

/* The number in .import; 0: none. */
static uint64_t marked_import(const char *data, str token)
{
	char path[UPLOAD_PATH_MAX];
	struct buf text CLEANUP(buf_fini);
	err ignored = { 0 };
	uint64_t import = 0;
	buf_init(&text, 64);
	if (!upload_path(data, token, UPLOAD_MARK_FILE, path) || !fs_exists(fs_real(), path) ||
	    !fs_read_all(fs_real(), path, 64, &text, &ignored) ||
	    !num_parse_u64(buf_view(&text), &import))
		return 0;
	return import;
}

/* ---- all of them ----------------------------------------------------------------------------- */

struct walk {
	const char *data;
	uint64_t import; /* wanted; 0: all are swept */
	char *token;
	bool found;
	int64_t now_us;
	int64_t erased_s; /* when somebody was erased last; 0: never */
};

static bool find_import(void *arg, const char *name)
{
	struct walk *w = arg;
	str token = str_of(name);
	if (!upload_token_is_fine(token) || marked_import(w->data, token) != w->import)
		return true;
	memcpy(w->token, name, UPLOAD_TOKEN_CHARS + 1);
	w->found = true;
	return false;
}

bool upload_of_import(const char *data, uint64_t import, char token_r[UPLOAD_TOKEN_CHARS + 1],
		      bool *found_r, err *e)
{
	char path[UPLOAD_PATH_MAX];
	struct walk w = { .data = data, .import = import, .token = token_r };
	snprintf(path, sizeof path, "%s/" UPLOADS_FOLDER, data);
	if (import == 0 || !fs_list(fs_real(), path, find_import, &w, e))
		return false;
	*found_r = w.found;
	return true;
}

static bool sweep_one(void *arg, const char *name)
{
	struct walk *w = arg;
	char path[UPLOAD_PATH_MAX];
	struct stat s;
	err ignored = { 0 };
	str token = str_of(name);
	if (!upload_token_is_fine(token) || !upload_path(w->data, token, NULL, path) ||
	    stat(path, &s) != 0)
		return true;
	int64_t age = w->now_us - (int64_t)s.st_mtime * US_PER_S;
	/* Whoever is erased may stand in any file that came before. */
	bool keeps = marked_import(w->data, token) && (int64_t)s.st_mtime > w->erased_s;
	int64_t keep = keeps ? USED_UPLOAD_US : UNUSED_UPLOAD_US;
	if (age > keep && !upload_remove_folder(w->data, token, &ignored))
		err_clear(&ignored); /* tried again the next time */
	return true;
}

bool uploads_sweep(const char *data, err *e)
{
	char path[UPLOAD_PATH_MAX];
	struct walk w = { .data = data, .now_us = time_now_us() };
	struct stat s;
	snprintf(path, sizeof path, "%s/" JOURNAL_ERASURES, data);
	if (stat(path, &s) == 0)
		w.erased_s = (int64_t)s.st_mtime;
	snprintf(path, sizeof path, "%s/" UPLOADS_FOLDER, data);
	return fs_list(fs_real(), path, sweep_one, &w, e);
}

void upload_shorten(const char *data, str token, err *e)
{
	char folder[UPLOAD_PATH_MAX];
	if (!upload_path(data, token, "", folder))
		return;
	size_t n = strlen(folder);
	for (char *at; (at = strstr(e->text, folder)) != NULL;)
		memmove(at, at + n, strlen(at + n) + 1);
}
