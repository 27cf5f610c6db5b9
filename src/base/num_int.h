/*
 * num_int.h - what value.c needs of num.c without an arena.
 */
#ifndef TRICHTER_NUM_INT_H
#define TRICHTER_NUM_INT_H

#include "base/str.h"

/* Sign, 17 digits, point, exponent of three digits, NUL. */
#define NUM_REAL_TEXT_MAX 32

/* As num_print_real, into `text`. */
str num_format_real(char text[NUM_REAL_TEXT_MAX], double v);

#endif
