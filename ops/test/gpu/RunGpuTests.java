import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectMethod;

import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs test classes or CLASS#METHODs, by default those for GPUs, and prints a line for each test.
 */
public final class RunGpuTests {
  private static final String[] DEFAULT = {
    "io.clipstream.model.kernels.OperatorsGpuTest",
    "io.clipstream.model.kernels.LearningKernelsGpuTest",
    "io.clipstream.model.infer.KernelsGpuTest",
    "io.clipstream.model.clip.NvdecGpuTest",
    "io.clipstream.model.clip.NvdecLimitsGpuTest"
  };

  private static int failed;
  private static int passed;
  private static int skipped;

  private RunGpuTests() {}

  public static void main(String[] classes) {
    LauncherDiscoveryRequestBuilder request = LauncherDiscoveryRequestBuilder.request();
    for (String name : classes.length == 0 ? DEFAULT : classes) {
      request.selectors(name.contains("#") ? selectMethod(name) : selectClass(name));
    }
    LauncherFactory.create().execute(request.build(), new Printer());
    System.out.println(passed + " passed, " + failed + " failed, " + skipped + " skipped");
    System.exit(failed > 0 || passed == 0 ? 1 : 0);
  }

  private static final class Printer implements TestExecutionListener {
    private long start;

    @Override
    public void executionStarted(TestIdentifier test) {
      start = System.nanoTime();
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      boolean success = result.getStatus() == TestExecutionResult.Status.SUCCESSFUL;
      if (test.isTest() || !success) {
        System.out.printf(
            "%s %s, %d ms%n",
            result.getStatus(), test.getDisplayName(), (System.nanoTime() - start) / 1_000_000);
        result
            .getThrowable()
            .ifPresent(e -> e.toString().lines().limit(30).forEach(System.out::println));
        switch (result.getStatus()) {
          case SUCCESSFUL -> passed++;
          case FAILED -> failed++;
          case ABORTED -> skipped++;
        }
      }
    }
  }
}
