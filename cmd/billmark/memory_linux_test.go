package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// peakMemory is the most memory that a process held until its end, in bytes.
// What the system tells of a process that has ended counts its parent's in,
// so it is asked again and again before.
func peakMemory(c *child) int64 {
	var peak int64
	for {
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
		if _, rest, ok := strings.Cut(string(status), "VmHWM:"); ok {
			var kib int64
			if _, err := fmt.Sscan(rest, &kib); err == nil {
				peak = max(peak, kib<<10)
			}
		}
		select {
		case <-c.ended:
			return peak
		case <-time.After(2 * time.Millisecond):
		}
	}
}
