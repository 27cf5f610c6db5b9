/*
 * cli_progress.c - one line that says how far long work is.
 *
 * What it is:   rows, rows a second, share done and time left on standard error, five times a
 * second; nothing where standard error is no terminal. Threads:      one at a time.
 */
#include "cli/cli_progress_int.h"

#include "base/time.h"

#include <stdio.h>
#include <unistd.h>

#define PROGRESS_EVERY_US (US_PER_S / 5)

void progress_begin(struct progress *p)
{
	*p = (struct progress){ .unit = "rows", .began_us = time_monotonic_us() };
	terminal_look(&p->term, STDERR_FILENO);
}

static void put_left(struct buf *b, int64_t took_us, uint64_t done, uint64_t whole)
{
	char text[TIME_TEXT_MAX];
	if (done == 0 || whole <= done || took_us < US_PER_S)
		return;
	double left = (double)took_us * ((double)(whole - done) / (double)done);
	str span = duration_print_short(text, (int64_t)left / US_PER_S * US_PER_S);
	buf_printf(b, "   %.*s left", STR_ARG(span));
}

void progress_show(void *arg, uint64_t rows, uint64_t bytes, uint64_t bytes_total)
{
	struct progress *p = arg;
	int64_t now = time_monotonic_us();
	if (!p->term.is_terminal || now - p->shown_us < PROGRESS_EVERY_US)
		return;
	p->shown_us = now;
	struct buf b;
	char text[NUMBER_TEXT_MAX];
	int64_t took = MAX(now - p->began_us, (int64_t)1);
	buf_init(&b, KIB);
	buf_printf(&b, "\r\x1b[K%.*s %s", STR_ARG(show_count(text, rows)), p->unit);
	uint64_t rate = (uint64_t)((double)rows * (double)US_PER_S / (double)took);
	buf_printf(&b, "   %.*s/s", STR_ARG(show_count(text, rate)));
	if (bytes_total > 0)
		buf_printf(&b, "   %.0f %%",
			   100.0 * (double)MIN(bytes, bytes_total) / (double)bytes_total);
	put_left(&b, took, bytes, bytes_total);
	fwrite(b.p, 1, b.n, stderr);
	fflush(stderr);
	buf_fini(&b);
}

void progress_end(struct progress *p)
{
	if (p->term.is_terminal && p->shown_us > 0)
		fputs("\r\x1b[K", stderr);
}
