package client

import (
	"net/http"
	"strings"
	"time"
)

// maxRetryAfter bounds what a server can have us wait.
const maxRetryAfter = 5 * time.Minute

// retryAfter reads a Retry-After header: seconds, or a date, which counts from
// the reply's arrival. What is not understood, or past, is 0.
func retryAfter(value string, arrived time.Time) time.Duration {
	if value != "" && strings.Trim(value, "0123456789") == "" {
		seconds := 0
		for i := 0; i < len(value) && seconds < int(maxRetryAfter/time.Second); i++ {
			seconds = seconds*10 + int(value[i]-'0')
		}
		return min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(arrived), 0), maxRetryAfter)
}
