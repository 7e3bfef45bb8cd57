/**
 * The model log: models in Kafka. {@link io.clipstream.schemas.models.ModelPublisher} writes an
 * artifact and its release in one transaction, {@link io.clipstream.schemas.models.ModelLog} tells
 * which releases there are, {@link io.clipstream.schemas.models.ArtifactReader} brings an artifact.
 *
 * <p>The rules that all of them rely on:
 *
 * <ul>
 *   <li>One writer for each model: the transactional id is that of its name. A new writer takes it
 *       over, which decides what the old one had open, and reads what is there only then.
 *   <li>The release is the last record of its transaction. Who sees it can read its chunks.
 *   <li>A chunk's key holds its release's name and version. So compaction keeps every chunk of a
 *       release that is there, at its offset, and what is deleted with a release is nobody else's.
 *   <li>Nothing read is believed: chunks are held to the release's checksums, the whole to its
 *       digest, the release to its signature.
 * </ul>
 */
package io.clipstream.schemas.models;
