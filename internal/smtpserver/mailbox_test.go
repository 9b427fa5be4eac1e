package smtpserver

import (
	"strconv"
	"testing"
)

func TestMailboxIsBounded(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		count     int
		size      int
		wantCount int
	}{
		{"within", maxMails, 100, maxMails},
		{"too many", maxMails + 3, 100, maxMails},
		{"too large", 100, maxBytes / 10, 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var box mailbox
			for i := range tt.count {
				box.add(Mail{Subject: strconv.Itoa(i)}, tt.size)
			}
			got := box.all()
			if len(got) != tt.wantCount {
				t.Fatalf("got %d mails, want %d", len(got), tt.wantCount)
			}
			if last := got[len(got)-1].Subject; last != strconv.Itoa(tt.count-1) {
				t.Errorf("newest: got %s, want %d", last, tt.count-1)
			}
			if box.bytes != tt.wantCount*tt.size {
				t.Errorf("bytes: got %d, want %d", box.bytes, tt.wantCount*tt.size)
			}
		})
	}
}
