// ParleyTesting
