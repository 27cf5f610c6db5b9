/*
 * cli.h - the command line: what a person types, and what a script relies on.
 *
 * What it is:   dispatch to one function per command; the commands' table is also the help, the
 *               manual page and the shell completion. INTERFACES.md, "The command line".
 * Promises:     results on standard output, everything else on standard error; exit status 0 done,
 *               1 the answer is negative, 2 bad use, 3 failed.
 * Threads:      the program's first.
 */
#ifndef TRICHTER_CLI_H
#define TRICHTER_CLI_H

enum cli_status { CLI_DONE = 0, CLI_NEGATIVE = 1, CLI_USAGE = 2, CLI_FAILED = 3 };

/* Runs one command; the result is the process's exit status. */
int cli_main(int argc, char **argv);

#endif
