package io.clipstream.model.infer;

/**
 * A daemon thread that runs networks. libtorch optimises and compiles a network when it is first
 * run, on the thread that runs it. On a GPU that may take more stack than the 1 MiB that Java gives
 * a thread, and then the process ends without a word: with Swin3D-B it did, and did not with 8 MiB.
 * What in libtorch goes so deep is not known.
 */
public final class NetworkThread extends Thread {
  private static final int STACK_MIB = 16; // memory is taken only as far as it is used

  /** For JVMs whose first thread runs networks. */
  public static final String OPTION = "-Xss" + STACK_MIB + "m";

  public NetworkThread(Runnable task, String name) {
    super(null, task, name, (long) STACK_MIB << 20);
    setDaemon(true);
  }
}
