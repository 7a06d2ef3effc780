// Package archtest holds the test that keeps imports pointing downwards, and
// nothing else. The rooms and what each may import stand in imports_test.go.
package archtest
