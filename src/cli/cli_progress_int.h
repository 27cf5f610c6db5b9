/*
 * cli_progress_int.h - how far long work is, on standard error.
 */
#ifndef TRICHTER_CLI_PROGRESS_INT_H
#define TRICHTER_CLI_PROGRESS_INT_H

#include "cli/cli_int.h"

struct progress {
	const char *unit; /* "rows" */
	struct terminal term;
	int64_t began_us;
	int64_t shown_us;
};

void progress_begin(struct progress *p);
/* As load_options.progress wants it; `arg` is a struct progress. */
void progress_show(void *arg, uint64_t rows, uint64_t bytes, uint64_t bytes_total);
/* Takes the line away again. */
void progress_end(struct progress *p);

#endif
