/*
 * base.h - words every file uses: checked results, scope clean-up, assertions that stay on.
 *
 * What it is:   macros only; includes nothing of the project.
 * Promises:     CHECK stays on in every build: a broken promise ends the process with file and line
 *               rather than going on with wrong data.
 */
#ifndef TRICHTER_BASE_H
#define TRICHTER_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MUST_CHECK	       __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define CLEANUP(fn)	       __attribute__((cleanup(fn)))
#define UNUSED		       __attribute__((unused))
#define LIKELY(x)	       __builtin_expect(!!(x), 1)
#define UNLIKELY(x)	       __builtin_expect(!!(x), 0)
#define ARRAY_LEN(a)	       (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)	       ((a) < (b) ? (a) : (b))
#define MAX(a, b)	       ((a) > (b) ? (a) : (b))

#define KIB		       ((size_t)1024)
#define MIB		       (KIB * 1024)
#define GIB		       (MIB * 1024)

/* Ends the process: the program's own promise is broken. Never for input, files or the network. */
_Noreturn void check_failed(const char *what, const char *file, int line);
#define CHECK(cond) (LIKELY(cond) ? (void)0 : check_failed(#cond, __FILE__, __LINE__))

#endif
