int vanished(void);

int vanished(void)
{
    return 1;
}
