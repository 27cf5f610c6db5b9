/*
 * err.c - codes and sentences of failures.
 *
 * What it is:   formatting into a fixed buffer.
 * Promises:     never allocates; a cut text stays valid UTF-8.
 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void check_failed(const char *what, const char *file, int line)
{
	fprintf(stderr, "trichter: broken promise at %s:%d: %s\n", file, line, what);
	abort();
}

/* Drops the bytes of a character that vsnprintf cut through. */
static void text_trim_partial(char *text)
{
	size_t n = strlen(text);
	if (n + 1 < ERR_TEXT_MAX)
		return;
	while (n > 0 && ((unsigned char)text[n - 1] & 0xC0) == 0x80)
		n--;
	if (n > 0 && (unsigned char)text[n - 1] >= 0xC0)
		n--;
	text[n] = '\0';
}

bool err_set(err *e, enum err_code code, const char *fmt, ...)
{
	if (!e)
		return false;
	va_list ap;
	va_start(ap, fmt);
	e->code = code;
	vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	text_trim_partial(e->text);
	return false;
}

bool err_set_errno(err *e, enum err_code code, int errnum, const char *fmt, ...)
{
	if (!e)
		return false;
	va_list ap;
	va_start(ap, fmt);
	e->code = errnum == ENOMEM ? ERR_NOMEM : errnum == ENOENT ? ERR_NOT_FOUND : code;
	vsnprintf(e->text, sizeof e->text, fmt, ap);
	va_end(ap);
	size_t n = strlen(e->text);
	char reason[128];
	snprintf(e->text + n, sizeof e->text - n, ": %s",
		 strerror_r(errnum, reason, sizeof reason));
	text_trim_partial(e->text);
	return false;
}

bool err_prefix(err *e, const char *fmt, ...)
{
	if (!e || e->code == ERR_NONE)
		return false;
	char place[ERR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(place, sizeof place, fmt, ap);
	va_end(ap);
	if (n < 0)
		return false;
	char whole[2 * ERR_TEXT_MAX + 2];
	snprintf(whole, sizeof whole, "%s: %s", place, e->text);
	memcpy(e->text, whole, sizeof e->text - 1);
	e->text[sizeof e->text - 1] = '\0';
	text_trim_partial(e->text);
	return false;
}

bool err_nomem(err *e)
{
	return err_set(e, ERR_NOMEM, "the system has no memory left for this");
}

void err_clear(err *e)
{
	if (!e)
		return;
	e->code = ERR_NONE;
	e->text[0] = '\0';
}

const char *err_code_name(enum err_code code)
{
	static const char *const NAMES[] = {
		"none", "io",	  "corrupt", "invalid",	 "not_found", "conflict", "limit",
		"busy", "denied", "timeout", "upstream", "uncertain", "nomem",
	};
	return (size_t)code < ARRAY_LEN(NAMES) ? NAMES[code] : "unknown";
}
