// ParleyAuth
