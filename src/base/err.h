/*
 * err.h - how a function says what went wrong.
 *
 * What it is:   a code, for programs, and one sentence, for people; set once, where it happened,
 *               and given a place ("leads.csv:12: ...") by whoever knows it.
 * Promises:     no allocation, so running out of memory can be said as well. Texts are cut at
 *               ERR_TEXT_MAX bytes, never in the middle of a character.
 */
#ifndef TRICHTER_ERR_H
#define TRICHTER_ERR_H

#include "base/base.h"

enum err_code {
	ERR_NONE,
	ERR_IO,	       /* the disk, a file or a device refused */
	ERR_CORRUPT,   /* stored data is not what was written */
	ERR_INVALID,   /* the input is wrong; the text says where and what would be right */
	ERR_NOT_FOUND, /* nothing of that name or number */
	ERR_CONFLICT,  /* somebody else changed or holds it */
	ERR_LIMIT,     /* a stated limit would be passed */
	ERR_BUSY,      /* full at the moment; try again */
	ERR_DENIED,    /* not allowed */
	ERR_TIMEOUT,   /* took longer than allowed */
	ERR_UPSTREAM,  /* another system failed */
	ERR_UNCERTAIN, /* a write was asked for and the answer never came */
	ERR_NOMEM,     /* the system gave no memory */
};

#define ERR_TEXT_MAX 512

typedef struct err {
	enum err_code code;
	char text[ERR_TEXT_MAX];
} err;

/* Says what happened; always returns false, so that a function can end in `return err_set(...)`.
 * `e` may be NULL when nobody listens. */
bool err_set(err *e, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

/* The same with the text of errno value `errnum` appended ("...: No such file or directory").
 * ENOMEM becomes ERR_NOMEM, ENOENT ERR_NOT_FOUND, all others `code`. */
bool err_set_errno(err *e, enum err_code code, int errnum, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* Puts a place in front of the text: "PLACE: text". Does nothing when `e` holds no error. */
bool err_prefix(err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

bool err_nomem(err *e);
void err_clear(err *e);

/* "io", "corrupt", ... for logs and for problem documents. */
const char *err_code_name(enum err_code code);

#endif
