/*
 * uploads_int.h - the folders below DIR/uploads, for the files of imports.
 *
 * What it is:   DIR/uploads/TOKEN/NAME is a file; beside it .map (how it is read) and .import (the
 * number of the import that it became). A name never begins with a dot.
 */
#ifndef TRICHTER_SERVER_UPLOADS_INT_H
#define TRICHTER_SERVER_UPLOADS_INT_H

#include "server/imports_int.h"

#define UPLOAD_PATH_MAX	 4096
#define UPLOAD_MAP_FILE	 ".map"
#define UPLOAD_MARK_FILE ".import"

bool uploads_open(const char *data, err *e) MUST_CHECK;
/* DIR/uploads/TOKEN/NAME; `name` NULL: the folder. False: the path would be too long. */
bool upload_path(const char *data, str token, const char *name, char path[UPLOAD_PATH_MAX]);
/* The one file that the folder is for. ERR_NOT_FOUND. */
bool upload_file_name(const char *data, str token, char name[UPLOAD_NAME_MAX + 1],
		      err *e) MUST_CHECK;
/* Writes .map, or removes it when `text` is empty. */
bool upload_put_map(const char *data, str token, str text, err *e) MUST_CHECK;
/* Notes which import the file became. */
bool upload_mark(const char *data, str token, uint64_t import, err *e) MUST_CHECK;
/* The folder of an import; false in *found_r: none. */
bool upload_of_import(const char *data, uint64_t import, char token_r[UPLOAD_TOKEN_CHARS + 1],
		      bool *found_r, err *e) MUST_CHECK;
/* Folders that no import came of and that are older than a day; and those of imports older than a
 * month. */
bool uploads_sweep(const char *data, err *e) MUST_CHECK;
bool upload_remove_folder(const char *data, str token, err *e) MUST_CHECK;
/* Takes the path of the folder out of a message: "leads.csv:3: ..." */
void upload_shorten(const char *data, str token, err *e);

#endif
