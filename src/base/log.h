/*
 * log.h - the program's own log: one logfmt line per event on standard error.
 *
 * What it is:   at=2026-01-31T12:00:00Z level=info event=sealed touches=5000
 * Promises:     one write per line; values are quoted where needed; never personal data.
 * Threads:      any.
 */
#ifndef TRICHTER_LOG_H
#define TRICHTER_LOG_H

#include "base/base.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

void log_set_level(enum log_level least);
/* `fmt` makes key=value pairs: log_event(LOG_INFO, "sealed", "touches=%zu", n). Values with blanks
 * are the caller's to quote: "why=\"%s\"". */
void log_event(enum log_level level, const char *event, const char *fmt, ...) PRINTF_LIKE(3, 4);

#endif
