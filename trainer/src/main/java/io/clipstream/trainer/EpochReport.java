package io.clipstream.trainer;

/**
 * Figures of one epoch.
 *
 * @param epoch from 1
 * @param learningRate at its end
 * @param trainLoss mean over its steps, of augmented clips with smoothed labels
 * @param trainTop1 share of right answers meanwhile
 * @param validationLoss cross entropy on the validation clips, centre crop
 * @param validationTop1 share of right answers there
 * @param seconds that it took
 */
record EpochReport(
    int epoch,
    double learningRate,
    double trainLoss,
    double trainTop1,
    double validationLoss,
    double validationTop1,
    double seconds) {}
