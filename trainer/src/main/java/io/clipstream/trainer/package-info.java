/**
 * Data sets, the training loop and evaluation. Videos are read by the decoder and cut by the clip
 * specification that serving uses, so a model sees the same pixels in both.
 */
package io.clipstream.trainer;
