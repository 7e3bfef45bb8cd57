/** One page of HTML that tells how a model does, readable offline. */
package io.clipstream.trainer.report;
