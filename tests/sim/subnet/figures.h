/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a run measured: a list of named numbers, printed as a table and written as JSON. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum { FIGURES_MAX = 128, CURVES_MAX = 8, CURVE_POINTS_MAX = 512 };

struct figure {
    const char *name; /* with its unit behind it; a literal */
    double value;
};

/** A line of the plot. */
struct curve {
    const char *name;
    size_t count;
    double x[CURVE_POINTS_MAX], y[CURVE_POINTS_MAX];
};

struct figures {
    struct figure list[FIGURES_MAX];
    size_t count;
    struct curve curves[CURVES_MAX];
    size_t curve_count;
    unsigned failures; /* figures that are worse than they may be */
};

/** Add a number. */
void figures_add(struct figures *figures, const char *name, double value);

/** The number of this name; NAN if there is none. */
double figures_find(const struct figures *figures, const char *name);

/** Say so on standard error, and count it, unless the number of this name lies between these. */
void figures_expect(struct figures *figures, const char *name, double lowest, double highest);

/** Begin a curve, to which curve_add then adds points. */
struct curve *figures_curve(struct figures *figures, const char *name);

/** Add a point; without room nothing happens. */
void curve_add(struct curve *curve, double x, double y);

/** Print the table on standard output. */
void figures_print(const struct figures *figures);

/** Write all as JSON; false if that fails. */
bool figures_write(const struct figures *figures, const char *path);
