/* The records a run leaves behind, one struct per table of the trajectory file.
 *
 * Units: what is stored is in the unit of its name; everything else in atomic units.
 * MPI: local.
 */
#ifndef HM_IO_RECORDS_H
#define HM_IO_RECORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum hm_action { HM_PREDICT = 0, HM_INJECT = 1, HM_DRAFT = 2, HM_ADVANCE = 3 }; /* advance: a stride of many steps */

/* Why a step was predicted or injected. The list is part of the file format: append only. */
enum hm_reason {
#define HM_REASON(name, word, text) name,
#include "io/reasons.def"
#undef HM_REASON
    HM_REASON_COUNT
};

const char *hm_reason_word(enum hm_reason reason); /* "warmup" */

/* /hamlet/decisions: one per step. */
struct hm_decision_record {
    int64_t step;
    int32_t replica;
    int32_t round;           /* speculation round; 0 without speculation */
    int32_t weights_version; /* version in use when the step was decided; 0 = no weights yet */
    int16_t oracle_group;    /* -1 where no oracle was asked */
    uint8_t action;          /* enum hm_action */
    uint8_t reason;          /* enum hm_reason */
    uint8_t committed;       /* 0 for a step later rolled back */
    float signal;            /* what the policy compared; NaN without */
    float threshold;         /* with what; NaN without */
    float committee;         /* signals of the prediction (predictors/committee.h); NaN where there is none */
    float base_difference;
    float extremeness;
};

/* /hamlet/injections: one per injected step. */
struct hm_injection_record {
    int64_t step;
    double residual;          /* rms over atoms of |kick_predicted - kick_exact|, Angstrom/ps; NaN: no prediction */
    double residual_relative; /* the same over the rms exact kick of this step */
    double velocity_mae;      /* mean |v_predicted - v_exact| per component at n+1/2, Angstrom/ps */
    double velocity_mean;     /* mean |v_exact| per component at n+1/2, Angstrom/ps */
    double kick_mae;          /* mean |kick_predicted - kick_exact| per component, Angstrom/ps */
    double kick_mean;         /* mean |kick_exact| per component, Angstrom/ps */
    double energy;            /* potential energy, kJ/mol; NaN unknown */
    double total_energy;      /* kJ/mol, of the on-step velocity and less the heat of a thermostat; NaN unknown */
    double restored;          /* kinetic energy put back by injection.restore_energy, kJ/mol; 0 = none */
    double seconds;           /* wall time of the evaluation */
    int32_t iterations;
    int32_t status; /* 0 converged */
};

/* /hamlet/training: one per episode. */
struct hm_training_record {
    int64_t step;    /* when it was asked for */
    int32_t version; /* version that came of it, or the one kept */
    int32_t member;
    int32_t history; /* steps the predictor looks back on */
    double loss_before;
    double loss_after;      /* on the training samples */
    double held_out_before; /* relative rms on the held-out samples; NaN: no weights yet, or nothing to replace them */
    double held_out_after;
    double samples;
    double condition; /* of a least-squares fit; NaN elsewhere */
    double seconds;
    int32_t terms; /* coefficients in use of a model that chooses their number; 0 elsewhere */
    uint8_t accepted;
};

/* /hamlet/strides: one per round of a learned action. */
struct hm_round_record {
    int64_t step;         /* where it began */
    double energy_change; /* exact energy where it ended, from that of the first round, over the mean kinetic energy */
    double reversibility; /* of its last stride: taken back, how far off, over its length */
    int32_t strides;      /* solved, inside */
    int32_t tried;        /* with one that was not, if any */
    int32_t iterations;   /* of all tried */
    int32_t forces;       /* exact ones: at its end, and at its beginning where that was the end of a segment */
    uint8_t committed;    /* 0: taken back */
};

enum hm_fault {
#define HM_FAULT(name, what) name,
#include "io/faults.def"
#undef HM_FAULT
    HM_FAULT_COUNT
};

/* "2 not converged, 1 late"; empty where there are none. */
void hm_faults_list(const int64_t count[HM_FAULT_COUNT], size_t size, char *text);

/* /hamlet/oracle_faults: one per call of an oracle that came to nothing. */
struct hm_fault_record {
    int64_t step;         /* that it was for; 0 also before the first */
    int64_t request;      /* number of the question; those that follow ask it again */
    double seconds;       /* of the evaluation, or how long was waited */
    int32_t oracle_group; /* -1: the driver itself */
    int32_t attempt;      /* 0: the first call of this request */
    int32_t iterations;   /* 0 where no label came */
    int32_t fault;        /* enum hm_fault */
};

/* /hamlet/study: branches that left the run before `step`, compared after `unforced` kicks without a force, at about 24
 * numbers of steps a decade:
 *
 *   exact      every kick exact; what the others are compared with
 *   predicted  every kick a prediction
 *   baseline   the first kick predicted, all others exact: what exact dynamics makes of one error
 *
 * The rows of a branch follow each other; what is not known (a branch that left physics, an oracle that failed, no
 * baseline) is NaN. */
struct hm_study_record {
    int64_t step;
    int64_t unforced;
    double position;  /* of predicted and exact, rms over atoms, Angstrom */
    double kinetic;   /* of predicted less exact, on-step velocities, kJ/mol */
    double potential; /* the same of the exact potential energy */
    double baseline_position, baseline_kinetic, baseline_potential;
    double exact_kinetic;    /* of the exact branch, kJ/mol */
    int64_t oracle_calls;    /* of these branches so far, apart from those of the run */
    int32_t weights_version; /* that predicts */
};

#endif
