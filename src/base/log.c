/*
 * log.c - one event, one line, one write.
 *
 * What it is:   the line is made on the stack and written at once, so that lines of threads and of
 *               processes that share standard error never mix.
 * Promises:     no allocation, no lock; a line longer than LINE_BYTES_MAX is cut and says so.
 *               Control characters become blanks: no value can begin a line of its own.
 */
#include "base/log.h"

#include "base/time.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_BYTES_MAX 4096
#define CUT	       " cut=true"

static _Atomic int level_least = LOG_INFO;

void log_set_level(enum log_level least)
{
	atomic_store_explicit(&level_least, (int)least, memory_order_relaxed);
}

static const char *level_name(enum log_level level)
{
	static const char *const NAMES[] = { "debug", "info", "warn", "error" };
	return (size_t)level < ARRAY_LEN(NAMES) ? NAMES[level] : "error";
}

/* A log that cannot be written is not worth ending the work for. */
static void line_write(const char *line, size_t n)
{
	ssize_t done;
	do
		done = write(STDERR_FILENO, line, n);
	while (done < 0 && errno == EINTR);
}

/* Where the text may end so that no character is cut through. */
static size_t cut_at(const char *line, size_t n)
{
	while (n > 0 && ((unsigned char)line[n] & 0xC0) == 0x80)
		n--;
	return n;
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
	if ((int)level < atomic_load_explicit(&level_least, memory_order_relaxed))
		return;
	int errno_before = errno;
	char line[LINE_BYTES_MAX];
	char at[TIME_TEXT_MAX];
	int64_t now_us = time_now_us();
	time_print(at, now_us - now_us % 1000);
	size_t room = sizeof line - sizeof CUT;
	int head = snprintf(line, room, "at=%s level=%s event=%s", at, level_name(level), event);
	size_t n = head < 0 ? 0 : (size_t)head;
	if (n < room && fmt[0] != '\0') {
		line[n++] = ' ';
		va_list ap;
		va_start(ap, fmt);
		int rest = vsnprintf(line + n, room - n, fmt, ap);
		va_end(ap);
		n += rest < 0 ? 0 : (size_t)rest;
	}
	if (n >= room) {
		/* The last byte that was written before the NUL goes, for it may begin a character.
		 */
		n = cut_at(line, room - 2);
		memcpy(line + n, CUT, sizeof CUT - 1);
		n += sizeof CUT - 1;
	}
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7F)
			line[i] = ' ';
	line[n++] = '\n';
	line_write(line, n);
	errno = errno_before;
}
