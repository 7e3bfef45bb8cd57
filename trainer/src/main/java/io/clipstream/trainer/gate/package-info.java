/** Whether a trained model may replace the one that serves. */
package io.clipstream.trainer.gate;
