package io.clipstream.model.clip;

/**
 * What a video really is, as read from its packets rather than believed from its header.
 *
 * @param container short name of the container, such as {@code mp4} or {@code matroska}
 * @param codec FFmpeg's name of the codec, such as {@code h264}
 * @param width pixels as displayed: after rotation and with square pixels
 * @param height pixels as displayed
 * @param rotation degrees clockwise that the stored pictures are turned by: 0, 90, 180 or 270
 * @param framesPerSecond average rate
 * @param durationSeconds from the first frame to the end of the last
 * @param frames that the file holds
 */
public record VideoInfo(
    String container,
    String codec,
    int width,
    int height,
    int rotation,
    double framesPerSecond,
    double durationSeconds,
    long frames) {}
